package experiments

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
)

// Severity tells an error, which stops the experiment, from a warning.
type Severity int

const (
	// Error means that the experiment cannot be run as written.
	Error Severity = iota
	// Warning means that it can, but that the result may not be what was meant.
	Warning
)

// String returns "error" or "warning".
func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// Diagnostic is one mistake of a user, at its place.
type Diagnostic struct {
	Severity Severity
	// Summary says what is wrong, in lower case, on one line.
	Summary string
	// Detail says what to do about it; may be empty.
	Detail string
	// File as the user would name it; "--set" and "--data" for those flags.
	File string
	// Line and Column count from 1, in characters; Line 0 means the file as a whole.
	Line, Column int
	// Suggestion is the known name that was probably meant; may be empty.
	Suggestion string

	text  string // the source line
	width int    // characters to underline, at least 1
}

// String gives the diagnostic as the user sees it: a line that starts with
// file:line:column, the source line with the place underlined, and what to do.
func (d Diagnostic) String() string {
	var b strings.Builder
	b.WriteString(d.File)
	if d.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", d.Line, d.Column)
	}
	if d.File != "" {
		b.WriteString(": ")
	}
	fmt.Fprintf(&b, "%s: %s\n", d.Severity, d.Summary)
	if d.Line > 0 && d.text != "" {
		line, column := excerpt(d.text, d.Column)
		width := min(max(d.width, 1), max(len([]rune(line))-column+1, 1))
		fmt.Fprintf(&b, "%5d | %s\n      | %s%s\n", d.Line, line, strings.Repeat(" ", column-1), strings.Repeat("^", width))
	}
	if d.Suggestion != "" {
		fmt.Fprintf(&b, "        did you mean %q?\n", d.Suggestion)
	}
	if d.Detail != "" {
		fmt.Fprintf(&b, "        %s\n", d.Detail)
	}
	return b.String()
}

// excerpt cuts a long source line to a window around column and makes every
// character one cell wide, so that the underline stands where it should.
func excerpt(text string, column int) (string, int) {
	const before, width = 60, 100
	line := []rune(strings.TrimRight(text, "\r\n"))
	column = min(max(column, 1), len(line)+1)
	if len(line) > width && column > before {
		cut := column - before
		line, column = line[cut:], column-cut
	}
	line = line[:min(len(line), width)]
	for i, r := range line {
		if !unicode.IsPrint(r) {
			line[i] = ' '
		}
	}
	return string(line), column
}

// Diagnostics are all that was found in a spec. As an error it reads as the user
// should see it.
type Diagnostics []Diagnostic

// Error gives every diagnostic, one after the other.
func (ds Diagnostics) Error() string {
	var b strings.Builder
	for i, d := range ds {
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString(d.String())
	}
	return strings.TrimRight(b.String(), "\n")
}

// HasErrors reports whether any is an error.
func (ds Diagnostics) HasErrors() bool {
	return slices.ContainsFunc(ds, func(d Diagnostic) bool { return d.Severity == Error })
}

// Err returns the diagnostics as an error if any is one, and nil otherwise.
func (ds Diagnostics) Err() error {
	if !ds.HasErrors() {
		return nil
	}
	return ds
}

// Warnings returns those that are no errors.
func (ds Diagnostics) Warnings() Diagnostics {
	return slices.DeleteFunc(slices.Clone(ds), func(d Diagnostic) bool { return d.Severity == Error })
}

// Print writes every diagnostic and a closing count of errors and warnings.
func (ds Diagnostics) Print(w io.Writer) error {
	if len(ds) == 0 {
		return nil
	}
	warnings := len(ds.Warnings())
	_, err := fmt.Fprintf(w, "%s\n\n%s\n", ds.Error(), counts(len(ds)-warnings, warnings))
	return err
}

func counts(errors, warnings int) string {
	var parts []string
	for _, p := range []struct {
		n    int
		word string
	}{{errors, "error"}, {warnings, "warning"}} {
		switch {
		case p.n == 1:
			parts = append(parts, "1 "+p.word)
		case p.n > 1:
			parts = append(parts, fmt.Sprintf("%d %ss", p.n, p.word))
		}
	}
	return strings.Join(parts, ", ")
}

// tidy sorts by place and drops what was found twice, as in a base that several
// experiments extend.
func (ds Diagnostics) tidy() Diagnostics {
	slices.SortStableFunc(ds, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.Summary, b.Summary))
	})
	return slices.CompactFunc(ds, func(a, b Diagnostic) bool {
		a.Detail, b.Detail = "", "" // may name what only one experiment knows
		a.Suggestion, b.Suggestion = "", ""
		return a == b
	})
}
