package results

import (
	"fmt"
	"strings"
)

// latexEscapes makes any text safe in LaTeX's text mode. "*" and "[" are braced
// because at the start of a line they would become arguments of the line break
// before them.
var latexEscapes = strings.NewReplacer(
	`\`, `\textbackslash{}`, "{", `\{`, "}", `\}`, "$", `\$`, "&", `\&`, "#", `\#`, "_", `\_`, "%", `\%`,
	"^", `\textasciicircum{}`, "~", `\textasciitilde{}`, "<", `\textless{}`, ">", `\textgreater{}`,
	"*", `{*}`, "[", `{[}`, "|", `\textbar{}`, "±", `$\pm$`, "\n", " ")

// LaTeX renders the table as a float with booktabs rules, ready to \input. The
// best of each task, evaluator and metric is bold; significant gains carry an
// asterisk.
func (t *Table) LaTeX() (string, error) {
	var out strings.Builder
	fmt.Fprintln(&out, "% needs \\usepackage{booktabs}")
	fmt.Fprintln(&out, "\\begin{table}\n\\centering")
	fmt.Fprintf(&out, "\\caption{%s}\n", latexEscapes.Replace(t.Title))
	writeLaTeXNotes(&out, t.Notes)
	fmt.Fprintf(&out, "\\begin{tabular}{%s%s}\n\\toprule\n",
		strings.Repeat("l", len(t.Axes)), strings.Repeat("r", len(t.Columns)))
	t.writeLaTeXHeader(&out)
	fmt.Fprintln(&out, "\\midrule")
	for i, row := range t.Rows {
		if t.startsGroup(i) {
			fmt.Fprintln(&out, "\\addlinespace")
		}
		var line []string
		for _, text := range t.freshLabels(i) {
			line = append(line, latexEscapes.Replace(text))
		}
		for _, e := range row.Entries {
			line = append(line, latexEntry(e))
		}
		fmt.Fprintln(&out, strings.Join(line, " & ")+` \\`)
	}
	fmt.Fprintln(&out, "\\bottomrule\n\\end{tabular}")
	writeLaTeXNotes(&out, t.Footnotes)
	fmt.Fprintln(&out, "\\end{table}")
	return out.String(), nil
}

// writeLaTeXHeader writes the headings in one row, or in two where any column
// has a lower part.
func (t *Table) writeLaTeXHeader(out *strings.Builder) {
	var above, below []string
	for _, axis := range t.Axes {
		above, below = append(above, latexEscapes.Replace(axis)), append(below, "")
	}
	two := false
	for _, column := range t.Columns {
		upper, lower := column.Heading()
		above, below = append(above, latexEscapes.Replace(upper)), append(below, latexEscapes.Replace(lower))
		two = two || lower != ""
	}
	fmt.Fprintln(out, strings.Join(above, " & ")+` \\`)
	if two {
		fmt.Fprintln(out, strings.Join(below, " & ")+` \\`)
	}
}

// writeLaTeXNotes writes small paragraphs above or below the tabular.
func writeLaTeXNotes(out *strings.Builder, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintln(out, "\\par\\smallskip\n\\begin{minipage}{\\linewidth}\\footnotesize")
	for i, line := range lines {
		end := `\\`
		if i == len(lines)-1 {
			end = ""
		}
		fmt.Fprintln(out, latexEscapes.Replace(line)+end)
	}
	fmt.Fprintln(out, "\\end{minipage}\n\\par\\smallskip")
}

func latexEntry(e Entry) string {
	if !e.Present {
		return missing
	}
	text := e.MeanText()
	if e.Best {
		text = `\textbf{` + text + `}`
	}
	if half := e.HalfText(); half != "" {
		text += ` {\scriptsize $\pm$ ` + half + `}`
	}
	if e.Significant {
		text += `\rlap{$^{*}$}` // no width, so that numbers line up
	}
	return text
}
