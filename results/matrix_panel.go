package results

import (
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Sizes of a matrix's fields.
const (
	widestField  = vg.Length(58)
	lowestField  = vg.Length(15)
	tallestField = vg.Length(26)
	longestTick  = vg.Inch
)

// lay makes the figure: the panels of one axis side by side, as many as fit;
// those of two axes by their values.
func (m *matrix) lay() *Figure {
	figure := &Figure{title: m.spec.Title, legend: newLegend(), bar: m.bar(), notes: m.notes()}
	list, across := m.panelList(), len(m.panels[1])
	slots, rotated := m.slots(figure, max(across, 1))
	if across == 0 {
		across = min(slots, len(list))
	}
	slots = max(slots, across)
	for start := 0; start < len(list); start += across {
		row := make([]*plot.Plot, slots)
		for i, panel := range list[start:min(start+across, len(list))] {
			row[i] = m.panel(panel, figure.bar, rotated, i == 0, start+i+across >= len(list))
		}
		figure.panels = append(figure.panels, row)
	}
	rows := vg.Length(len(m.rows))
	figure.dataHeight = func(width vg.Length) vg.Length {
		field := width / vg.Length(len(m.columns))
		return rows * max(lowestField, min(tallestField, 0.6*field))
	}
	return figure
}

func (m *matrix) notes() []string {
	var notes []string
	if m.tested > 0 {
		notes = append(notes, fmt.Sprintf("*: gain over plain significant at 5 %% (%s; Holm-corrected over the %d %s shown).",
			strings.Join(m.tests, ", "), m.tested, plural("gain", m.tested)))
	}
	if len(m.fields) < len(m.panelList())*len(m.rows)*len(m.columns) {
		notes = append(notes, "Hatched: no number.")
	}
	if limit := m.spec.Limit; m.spec.Gains && limit > 0 {
		beyond := false
		m.each(func(_ spot, e *entry) { beyond = beyond || math.Abs(e.value) > limit })
		if beyond {
			notes = append(notes, fmt.Sprintf("Colours end at ±%g.", limit))
		}
	}
	return []string{strings.Join(notes, " ")}
}

// slots is how many panels there is room for in a row, at least those given,
// and whether the columns' names must be slanted then. Where few panels would
// have fields too wide, slots stay empty.
func (m *matrix) slots(figure *Figure, least int) (slots int, rotated bool) {
	style, names := textStyle(noteSize), textStyle(tickSize)
	number, name, left := vg.Length(0), vg.Length(0), vg.Length(0)
	m.each(func(_ spot, e *entry) { number = max(number, style.Width(m.text(e))) })
	for _, column := range m.columns {
		name = max(name, min(longestTick, names.Width(label(column))))
	}
	for _, row := range m.rows {
		left = max(left, min(longestTick, names.Width(label(row))))
	}
	side, _ := figure.sideSize()
	free := figureWidth - 2*margin - side - left - 2*labelSize
	columns := vg.Length(len(m.columns))
	// Names side by side where they fit so, else slanted over narrow fields.
	field := number + 5
	if few := len(m.panelList()); columns*(name+4)*vg.Length(few)+panelGap*vg.Length(few-1) <= free {
		field = max(field, name+4)
	}
	slots = max(least, int((free+panelGap)/(columns*field+panelGap)))
	fewest := max(least, min(slots, len(m.panelList())))
	slots = max(fewest, min(slots, int(math.Floor(float64(free/(columns*widestField))))))
	width := (free - panelGap*vg.Length(slots-1)) / vg.Length(slots) / columns
	return slots, name+3 > width
}

// panel is one panel; only the first of a row names the rows and only the last
// of a column the columns.
func (m *matrix) panel(at [2]string, bar *colourBar, rotated, first, last bool) *plot.Plot {
	p := newPanel("", "", "")
	titleOverData(p, m.title(at))
	name := func(axis *plot.Axis, name string, values []string, shown bool, place func(i int) int) {
		var ticks plot.ConstantTicks
		axis.Min, axis.Max = -0.5, float64(len(values))-0.5
		axis.Padding, axis.LineStyle.Width, axis.Tick.LineStyle.Width, axis.Tick.Length = 0, 0, 0, 2
		if shown {
			axis.Label.Text = name
			for i, value := range values {
				ticks = append(ticks, plot.Tick{Value: float64(place(i)), Label: shorten(axis.Tick.Label, label(value), longestTick)})
			}
		}
		axis.Tick.Marker = ticks
	}
	name(&p.X, m.spec.Columns, m.columns, last, func(i int) int { return i })
	name(&p.Y, m.spec.Rows, m.rows, first, func(i int) int { return len(m.rows) - 1 - i })
	if rotated && last {
		p.X.Tick.Label.Rotation, p.X.Padding = math.Pi/4, 5
		p.X.Tick.Label.XAlign, p.X.Tick.Label.YAlign = draw.XRight, draw.YCenter
	}
	p.Add(&heat{m, at, bar})
	return p
}

// heat draws one panel's fields.
type heat struct {
	matrix *matrix
	panel  [2]string
	bar    *colourBar
}

// Plot implements plot.Plotter.
func (h *heat) Plot(c draw.Canvas, p *plot.Plot) {
	m := h.matrix
	toX, toY := p.Transforms(&c)
	style := textStyle(h.size(toX(1) - toX(0)))
	style.XAlign, style.YAlign = draw.XCenter, draw.YCenter
	for i, row := range m.rows {
		y := float64(len(m.rows) - 1 - i)
		for k, column := range m.columns {
			x := float64(k)
			area := vg.Rectangle{Min: vg.Point{X: toX(x - 0.5), Y: toY(y - 0.5)}, Max: vg.Point{X: toX(x + 0.5), Y: toY(y + 0.5)}}
			e := m.fields[spot{h.panel, row, column}]
			if e == nil {
				hatch(c, area)
			} else {
				colour := h.bar.colour(e.value)
				c.SetColor(colour)
				c.Fill(area.Path())
				style.Color = inkOn(colour)
				c.FillText(style, vg.Point{X: toX(x), Y: toY(y)}, m.text(e))
			}
			outline(c, area, draw.LineStyle{Color: white, Width: vg.Points(0.8)})
		}
	}
}

// size is that of the numbers, smaller where the fields are too narrow.
func (h *heat) size(field vg.Length) vg.Length {
	widest, style := vg.Length(0), textStyle(noteSize)
	h.matrix.each(func(_ spot, e *entry) { widest = max(widest, style.Width(h.matrix.text(e))) })
	return min(noteSize, noteSize*(field-2)/widest)
}

// hatch fills an area with slanted lines.
func hatch(c draw.Canvas, area vg.Rectangle) {
	c.SetColor(pale)
	c.Fill(area.Path())
	const spacing = 4
	size := area.Size()
	for offset := vg.Length(spacing); offset < size.X+size.Y; offset += spacing {
		low := vg.Point{X: area.Min.X + max(0, offset-size.Y), Y: area.Min.Y + min(offset, size.Y)}
		high := vg.Point{X: area.Min.X + min(offset, size.X), Y: area.Min.Y + max(0, offset-size.X)}
		c.StrokeLine2(draw.LineStyle{Color: grey, Width: vg.Points(0.4)}, low.X, low.Y, high.X, high.Y)
	}
}
