package results

import (
	"fmt"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// Text renders the table for a terminal: title, notes, columns aligned with
// spaces, footnotes. Significant gains carry "*"; the best is not marked.
func (t *Table) Text() (string, error) {
	var out strings.Builder
	for _, line := range append([]string{t.Title}, t.Notes...) {
		fmt.Fprintln(&out, line)
	}
	fmt.Fprintln(&out)

	writer := tablewriter.NewTable(&out,
		tablewriter.WithRenderer(renderer.NewBlueprint(textRendition())),
		tablewriter.WithConfig(verbatim()),
		tablewriter.WithAlignment(t.alignment()),
		tablewriter.WithEastAsian(tw.Off)) // widths must not follow the reader's locale
	header := make([]string, len(t.Axes), len(t.Axes)+len(t.Columns))
	copy(header, t.Axes)
	for _, column := range t.Columns {
		upper, lower := column.Heading()
		header = append(header, strings.TrimSuffix(upper+"\n"+lower, "\n"))
	}
	writer.Header(header)
	widths := t.markWidths()
	for i, row := range t.Rows {
		if t.startsGroup(i) {
			if err := writer.Append(make([]string, len(header))); err != nil {
				return "", err
			}
		}
		line := t.freshLabels(i)
		for k, e := range row.Entries {
			line = append(line, textEntry(e, widths[k]))
		}
		if err := writer.Append(line); err != nil {
			return "", err
		}
	}
	if err := writer.Render(); err != nil {
		return "", err
	}
	for _, line := range t.Footnotes {
		fmt.Fprintln(&out, line)
	}
	return trimLines(out.String()), nil
}

// textRendition is the paper's look: no vertical lines, a rule above, below
// the header and at the end.
func textRendition() tw.Rendition {
	return tw.Rendition{
		Symbols: tw.NewSymbols(tw.StyleASCII),
		Borders: tw.Border{Left: tw.Off, Right: tw.Off, Top: tw.On, Bottom: tw.On},
		Settings: tw.Settings{
			Separators: tw.Separators{BetweenColumns: tw.Off, BetweenRows: tw.Off},
			Lines:      tw.Lines{ShowHeaderLine: tw.On},
		},
	}
}

// verbatim keeps text as it is: no capitals, no wrapping, no trimming.
func verbatim() tablewriter.Config {
	format := tw.CellFormatting{AutoFormat: tw.Off, AutoWrap: tw.WrapNone}
	return tablewriter.Config{
		Header:   tw.CellConfig{Formatting: format},
		Row:      tw.CellConfig{Formatting: format},
		Behavior: tw.Behavior{TrimSpace: tw.Off, TrimLine: tw.Off},
	}
}

// alignment puts labels left and numbers right.
func (t *Table) alignment() tw.Alignment {
	align := make(tw.Alignment, 0, len(t.Axes)+len(t.Columns))
	for range t.Axes {
		align = append(align, tw.AlignLeft)
	}
	for range t.Columns {
		align = append(align, tw.AlignRight)
	}
	return align
}

// markWidths is 1 for columns in which an entry is marked, so that unmarked
// numbers line up with marked ones.
func (t *Table) markWidths() []int {
	widths := make([]int, len(t.Columns))
	for _, row := range t.Rows {
		for k, e := range row.Entries {
			if e.Significant {
				widths[k] = 1
			}
		}
	}
	return widths
}

func textEntry(e Entry, markWidth int) string {
	text := missing
	if e.Present {
		text = e.MeanText()
		if half := e.HalfText(); half != "" {
			text += " ±" + half
		}
	}
	mark := ""
	if e.Significant {
		mark = "*"
	}
	return text + fmt.Sprintf("%-*s", markWidth, mark)
}

// trimLines takes trailing spaces from every line.
func trimLines(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}
