package results

import (
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// noteSize is the size of remarks and of what is written inside panels.
const noteSize = vg.Length(7)

// longestEntry is the width that a legend's entry may take.
const longestEntry = 1.3 * vg.Inch

// shorten cuts a text that is wider than width and ends it with an ellipsis.
func shorten(style draw.TextStyle, text string, width vg.Length) string {
	if style.Width(text) <= width {
		return text
	}
	runes := []rune(text)
	for n := len(runes) - 1; n > 0; n-- {
		if cut := strings.TrimRight(string(runes[:n]), " ,;_-") + "…"; style.Width(cut) <= width {
			return cut
		}
	}
	return "…"
}

// wrap breaks a text between words so that no line is wider than width,
// shortening words that are.
func wrap(style draw.TextStyle, text string, width vg.Length) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		longer := strings.TrimSpace(line + " " + word)
		if line != "" && style.Width(longer) > width {
			lines = append(lines, line)
			longer = word
		}
		line = shorten(style, longer, width)
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// minusSign writes a number with the sign that is as wide as plus.
func minusSign(number string) string { return strings.Replace(number, "-", "−", 1) }

// minusSigns does so for all numbers of a text without other hyphens.
func minusSigns(text string) string { return strings.ReplaceAll(text, "-", "−") }

// noteLines are the figure's remarks as they are written.
func (f *Figure) noteLines() []string {
	var lines []string
	for _, note := range f.notes {
		lines = append(lines, wrap(textStyle(noteSize), note, figureWidth-2*margin)...)
	}
	return lines
}

const noteLeading = noteSize * 1.25

// notesHeight is the height that the remarks take.
func (f *Figure) notesHeight() vg.Length {
	lines := len(f.noteLines())
	if lines == 0 {
		return 0
	}
	return noteLeading*vg.Length(lines) + 4
}

// drawNotes writes the remarks at the bottom and returns the height they take.
func (f *Figure) drawNotes(c draw.Canvas) vg.Length {
	style := textStyle(noteSize)
	lines := f.noteLines()
	for i, line := range lines {
		c.FillText(style, vg.Point{X: c.Min.X, Y: c.Min.Y + noteLeading*vg.Length(len(lines)-1-i) + 1}, line)
	}
	return f.notesHeight()
}
