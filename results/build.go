package results

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"transfera/metrics/statistics"
)

// significance is the level of the mark for gains.
const significance = 0.05

// Build lays cells out as a table.
//
// An entry is the mean over seeds with half of its confidence interval; see
// the table's own notes for what the interval covers. Cells that meet in one
// entry may differ in nothing but the seed, anything else is an error that
// says which axis is missing. Gains that the table shows are Holm-corrected
// among themselves, and significant ones that go the right way are marked. The
// best number of each task, evaluator and metric is marked too. A published
// number of the very same cell (see Published.Find) is shown in a column of
// its own beside ours. The given notes go to the footnotes, before the
// warnings.
func Build(spec TableSpec, cells []Cell, gains []Gain, published Published, notes []string) (*Table, error) {
	if err := spec.check(); err != nil {
		return nil, fmt.Errorf("table %q: %w", spec.Title, err)
	}
	published, err := published.from(spec.Published)
	if err != nil {
		return nil, fmt.Errorf("table %q: %w", spec.Title, err)
	}
	b := builder{spec: spec, published: published}
	if err := b.place(cells); err != nil {
		return nil, fmt.Errorf("table %q: %w", spec.Title, err)
	}
	b.enter()
	b.markBest()
	b.markGains(gains)
	b.addPublished()
	b.table.Title = spec.Title
	b.table.Tested = b.tested
	b.table.Axes = slices.Clone(spec.Rows)
	b.table.Notes = b.notes()
	b.table.Footnotes = b.footnotes(cells, notes)
	return &b.table, nil
}

// builder holds the table in the making; groups[row][column] is nil where
// there is no number.
type builder struct {
	spec      TableSpec
	published Published
	table     Table
	groups    [][]*group

	// What was found on the way, for the footnotes.
	marked     int // gains marked as significant
	tested     int // gains in the Holm family
	tests      []string
	warnings   []string
	references []string
}

// place sorts the selected cells into rows, columns and groups.
func (b *builder) place(cells []Cell) error {
	type position struct {
		labels string
		column Column
	}
	members := map[position][]Cell{}
	for _, c := range cells {
		if !slices.Contains(b.spec.Metrics, c.Metric) || !b.spec.selects(c) || b.hidesClean(c) {
			continue
		}
		labels, column := b.spec.labels(c), b.spec.column(c)
		if !slices.ContainsFunc(b.table.Rows, func(r Row) bool { return slices.Equal(r.Labels, labels) }) {
			b.table.Rows = append(b.table.Rows, Row{Labels: labels})
		}
		if !slices.Contains(b.table.Columns, column) {
			b.table.Columns = append(b.table.Columns, column)
		}
		at := position{strings.Join(labels, "\x00"), column}
		members[at] = append(members[at], c)
	}
	if len(members) == 0 {
		return fmt.Errorf("none of the %d cells has a metric of %s and passes where",
			len(cells), strings.Join(b.spec.Metrics, ", "))
	}
	slices.SortFunc(b.table.Rows, func(x, y Row) int { return b.spec.compareLabels(x.Labels, y.Labels) })
	slices.SortFunc(b.table.Columns, b.spec.compareColumns)
	for _, row := range b.table.Rows {
		groups := make([]*group, len(b.table.Columns))
		for k, column := range b.table.Columns {
			found := members[position{strings.Join(row.Labels, "\x00"), column}]
			if len(found) == 0 {
				continue
			}
			g, err := newGroup(found)
			if err != nil {
				upper, _ := column.Heading()
				return fmt.Errorf("row %s, column %s: %w", strings.Join(row.Labels, " "), upper, err)
			}
			groups[k] = g
		}
		b.groups = append(b.groups, groups)
	}
	return nil
}

// hidesClean reports whether a cell belongs in the footnotes only.
func (b *builder) hidesClean(c Cell) bool {
	return c.Task == TaskClean && !slices.Contains(b.spec.Where["task"], TaskClean)
}

func (b *builder) enter() {
	for i := range b.table.Rows {
		entries := make([]Entry, len(b.table.Columns))
		for k, g := range b.groups[i] {
			if g != nil {
				entries[k] = g.entry()
			}
		}
		b.table.Rows[i].Entries = entries
	}
}

// each visits the groups that gave a number, in reading order.
func (b *builder) each(visit func(g *group, e *Entry)) {
	for i := range b.table.Rows {
		for k := range b.table.Rows[i].Entries {
			if e := &b.table.Rows[i].Entries[k]; e.Present && b.groups[i][k] != nil {
				visit(b.groups[i][k], e)
			}
		}
	}
}

// markBest marks the highest of every contest that has rivals, comparing what
// is printed: a difference that no reader can see decides nothing.
func (b *builder) markBest() {
	best, rivals := map[string]float64{}, map[string]int{}
	printed := func(e *Entry) float64 {
		v, _ := strconv.ParseFloat(e.MeanText(), 64) // we have just formatted it
		return v
	}
	b.each(func(g *group, e *Entry) {
		key := g.contest()
		if v := printed(e); rivals[key] == 0 || v > best[key] {
			best[key] = v
		}
		rivals[key]++
	})
	b.each(func(g *group, e *Entry) {
		key := g.contest()
		e.Best = LookupMetric(e.Metric).HigherIsBetter && rivals[key] > 1 && printed(e) == best[key]
	})
}

// markGains corrects the gains shown here among themselves and marks those
// that stay significant and go up.
func (b *builder) markGains(gains []Gain) {
	shown := map[int]*Entry{}
	var family []int
	var p []float64
	b.each(func(g *group, e *Entry) {
		for i, gain := range gains {
			if sameButSeed(gain.cell(), g.first()) && LookupMetric(gain.Metric).HigherIsBetter {
				shown[i] = e
				family = append(family, i)
				p = append(p, gain.P)
			}
		}
	})
	for k, adjusted := range statistics.Holm(p) {
		gain := gains[family[k]]
		for _, w := range gain.Warnings {
			b.warnings = appendNew(b.warnings, "gain over plain: "+w)
		}
		if math.IsNaN(adjusted) {
			continue
		}
		b.tested++
		b.tests = appendNew(b.tests, gain.Test)
		shown[family[k]].Tested, shown[family[k]].PHolm = true, adjusted
		if adjusted < significance && gain.Gain > 0 {
			shown[family[k]].Significant = true
			b.marked++
		}
	}
}

func sameButSeed(a, b Cell) bool {
	for _, axis := range Axes {
		if axis != "seed" && a.axis(axis) != b.axis(axis) {
			return false
		}
	}
	return true
}

// addPublished puts a column of published numbers after each of ours that has
// any.
func (b *builder) addPublished() {
	var columns []Column
	entries := make([][]Entry, len(b.table.Rows))
	all := make([][]*group, len(b.table.Rows)) // nil under the published columns
	for k, column := range b.table.Columns {
		columns = append(columns, column)
		theirs := make([]Entry, len(b.table.Rows))
		found := false
		for i, groups := range b.groups {
			entries[i] = append(entries[i], b.table.Rows[i].Entries[k])
			all[i] = append(all[i], groups[k])
			if groups[k] == nil {
				continue
			}
			cell := groups[k].first()
			if number, ok := b.published.Find(cell, b.spec.Tasks[cell.Task]); ok {
				found = true
				theirs[i] = Entry{
					Present: true, Metric: number.Metric, Mean: number.Value, Half: math.NaN(),
					Place: cell.Place(), Reference: number.Reference,
				}
				b.references = appendNew(b.references, number.Reference)
			}
		}
		if !found {
			continue
		}
		column.Published = true
		columns = append(columns, column)
		for i := range entries {
			entries[i] = append(entries[i], theirs[i])
			all[i] = append(all[i], nil)
		}
	}
	b.groups = all
	b.table.Columns = columns
	for i := range b.table.Rows {
		b.table.Rows[i].Entries = entries[i]
	}
}

// appendNew appends what is not there yet.
func appendNew(list []string, text string) []string {
	if text == "" || slices.Contains(list, text) {
		return list
	}
	return append(list, text)
}
