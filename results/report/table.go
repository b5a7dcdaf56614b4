package report

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"transfera/results"
)

// tableView is a table as the page shows it.
type tableView struct {
	ID, Title string
	// Titled says that the title stands above the table, not only in its caption.
	Titled  bool
	Axes    []axisView
	Columns []columnView
	Rows    []rowView
	// Notes hold for the whole table; Warnings are reasons to trust it less.
	Notes, Warnings []string
}

type axisView struct {
	Name string
	// Pinned stays in sight when a narrow screen scrolls the table sideways.
	Pinned bool
}

type columnView struct {
	Upper, Lower string
	Published    bool
}

// Name of the column in one line.
func (c columnView) Name() string { return strings.TrimSpace(c.Upper + " " + c.Lower) }

type rowView struct {
	// Starts a group of rows: its outermost label is new.
	Starts  bool
	Labels  []labelView
	Entries []entryView
}

type labelView struct {
	Text string
	// Repeats the row above, as all labels before it do.
	Repeats bool
	Pinned  bool
}

type entryView struct {
	Present, Published, Significant, Best bool
	Mean, Half                            string
	// Sort is the number to sort by, empty where there is none.
	Sort string
	// Details is the number of its Details, -1 where nothing is known of it.
	Details int
}

// view prepares a table and puts the details of its numbers into the catalog.
func (c *catalog) view(table Table) tableView {
	v := tableView{ID: "table-" + slug(table.Name), Title: table.Title, Notes: table.Notes}
	for _, line := range table.Footnotes {
		if text, ok := strings.CutPrefix(line, "Warning: "); ok {
			v.Warnings = append(v.Warnings, upperFirst(text))
		} else {
			v.Notes = append(v.Notes, line)
		}
	}
	pinned := len(table.Axes) - 1
	if k := slices.Index(table.Axes, "method"); k >= 0 {
		pinned = k
	}
	for k, axis := range table.Axes {
		v.Axes = append(v.Axes, axisView{Name: axis, Pinned: k == pinned})
	}
	for _, column := range table.Columns {
		upper, lower := column.Heading()
		v.Columns = append(v.Columns, columnView{Upper: upper, Lower: lower, Published: column.Published})
	}
	for i, row := range table.Rows {
		view := rowView{Starts: i > 0 && len(table.Axes) > 1 && row.Labels[0] != table.Rows[i-1].Labels[0]}
		repeats := i > 0
		for k, label := range row.Labels {
			repeats = repeats && label == table.Rows[i-1].Labels[k]
			view.Labels = append(view.Labels, labelView{
				Text: orDash(label), Repeats: repeats && k < len(table.Axes)-1, Pinned: k == pinned,
			})
		}
		view.Entries = c.entries(table, row)
		v.Rows = append(v.Rows, view)
	}
	return v
}

func (c *catalog) entries(table Table, row results.Row) []entryView {
	var rivals []results.Entry
	for k, e := range row.Entries {
		if e.Present && table.Columns[k].Published {
			rivals = append(rivals, e)
		}
	}
	views := make([]entryView, len(row.Entries))
	for k, e := range row.Entries {
		views[k] = entryView{Details: -1, Published: table.Columns[k].Published}
		if !e.Present {
			continue
		}
		view := &views[k]
		view.Present, view.Significant, view.Best = true, e.Significant, e.Best
		view.Mean, view.Half = number(e.Mean, e.Metric), e.HalfText()
		if !math.IsInf(e.Mean, 0) {
			view.Sort = strconv.FormatFloat(e.Mean, 'g', -1, 64)
		} else if e.Mean > 0 {
			view.Sort = "Infinity"
		} else {
			view.Sort = "-Infinity"
		}
		if e.Place != (results.Place{}) {
			view.Details = c.add(e, view.Published, table.Tested, rivals)
		}
	}
	return views
}

// slug makes a name that an address can hold.
func slug(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		}
		return '_'
	}, name)
}
