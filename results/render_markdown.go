package results

import (
	"fmt"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// markdownEscapes are the characters that Markdown, or GitHub's dialect of it,
// would take as markup inside a table or a line.
var markdownEscapes = strings.NewReplacer(
	`\`, `\\`, "|", `\|`, "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;", "#", `\#`, "~", `\~`,
	"\n", " ")

// Markdown renders the table in GitHub's dialect under a heading. The best of
// each task, evaluator and metric is bold; significant gains carry "*".
func (t *Table) Markdown() (string, error) {
	var out strings.Builder
	fmt.Fprintf(&out, "### %s\n\n", markdownEscapes.Replace(t.Title))
	writeMarkdownList(&out, t.Notes)

	writer := tablewriter.NewTable(&out,
		tablewriter.WithRenderer(renderer.NewMarkdown()),
		tablewriter.WithConfig(verbatim()),
		tablewriter.WithAlignment(t.alignment()),
		tablewriter.WithEastAsian(tw.Off))
	var header []string
	for _, axis := range t.Axes {
		header = append(header, markdownEscapes.Replace(axis))
	}
	for _, column := range t.Columns {
		upper, lower := column.Heading()
		parts := []string{markdownEscapes.Replace(upper)}
		if lower != "" {
			parts = append(parts, markdownEscapes.Replace(lower))
		}
		header = append(header, strings.Join(parts, "<br>"))
	}
	writer.Header(header)
	for _, row := range t.Rows {
		var line []string
		for _, text := range row.Labels {
			line = append(line, markdownEscapes.Replace(label(text)))
		}
		for _, e := range row.Entries {
			line = append(line, markdownEntry(e))
		}
		if err := writer.Append(line); err != nil {
			return "", err
		}
	}
	if err := writer.Render(); err != nil {
		return "", err
	}
	if len(t.Footnotes) > 0 {
		fmt.Fprintln(&out)
		writeMarkdownList(&out, t.Footnotes)
	}
	return strings.TrimRight(out.String(), "\n") + "\n", nil
}

func writeMarkdownList(out *strings.Builder, lines []string) {
	for _, line := range lines {
		fmt.Fprintf(out, "- %s\n", markdownEscapes.Replace(line))
	}
	if len(lines) > 0 {
		fmt.Fprintln(out)
	}
}

func markdownEntry(e Entry) string {
	if !e.Present {
		return missing
	}
	text := e.MeanText()
	if e.Best {
		text = "**" + text + "**"
	}
	if half := e.HalfText(); half != "" {
		text += " ±" + half
	}
	if e.Significant {
		text += `\*`
	}
	return text
}
