package results

import (
	"fmt"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Preference is how people chose between two sides.
type Preference struct {
	Title string
	// Left and Right name the sides, such as ra and plain.
	Left, Right string
	// Groups of votes, from the top on.
	Groups []PreferenceGroup
}

// PreferenceGroup is the votes on one question.
type PreferenceGroup struct {
	Name string
	// Votes in all; those for neither side were for no difference.
	Votes, Left, Right int
	// LeftInterval and RightInterval are of the shares, in percent.
	LeftInterval, RightInterval [2]float64
}

// PreferenceBars draws one stacked bar per group: the share of Left from the left, that of Right from the right, no difference
// between them. The line at the end of each share is its interval. A group without votes has an empty bar.
func PreferenceBars(p Preference) (*Figure, error) {
	if len(p.Groups) == 0 {
		return nil, fmt.Errorf("figure %q: no groups to draw", p.Title)
	}
	for _, g := range p.Groups {
		if g.Left < 0 || g.Right < 0 || g.Left+g.Right > g.Votes {
			return nil, fmt.Errorf("figure %q, %s: %d and %d of %d votes cannot be", p.Title, g.Name, g.Left, g.Right, g.Votes)
		}
	}
	panel := newPanel("", "share of votes [%]", "")
	panel.X.Min, panel.X.Max, panel.Y.Min, panel.Y.Max = 0, 100, -0.6, float64(len(p.Groups))-0.4
	panel.X.Padding, panel.Y.Padding = 0, 0
	panel.X.Tick.Marker = plot.ConstantTicks([]plot.Tick{{Value: 0, Label: "0"}, {Value: 25, Label: "25"}, {Value: 50, Label: "50"}, {Value: 75, Label: "75"}, {Value: 100, Label: "100"}})
	var ticks []plot.Tick
	for i, g := range p.Groups {
		ticks = append(ticks, plot.Tick{Value: float64(len(p.Groups) - 1 - i), Label: fmt.Sprintf("%s (%d)", g.Name, g.Votes)})
	}
	panel.Y.Tick.Marker = plot.ConstantTicks(ticks)
	panel.Y.Tick.Length = 0
	panel.Add(&preferenceBars{p.Groups}, frame{})
	figure := &Figure{title: p.Title, panels: [][]*plot.Plot{{panel}}, legend: newLegend()}
	addEntry(&figure.legend, p.Left, swatch{palette[0]})
	addEntry(&figure.legend, "no difference", swatch{pale})
	addEntry(&figure.legend, p.Right, swatch{palette[4]})
	figure.dataHeight = func(vg.Length) vg.Length { return vg.Length(22*len(p.Groups) + 8) }
	figure.notes = []string{fmt.Sprintf("Behind each question the number of votes. Black lines: exact 95 %% intervals, the upper of where the share of %s ends, "+
		"the lower of where that of %s begins. Dashes: one half.", p.Left, p.Right)}
	return figure, nil
}

func fill(c draw.Canvas, area vg.Rectangle, ink color.Color) {
	c.SetColor(ink)
	c.Fill(area.Path())
}

// preferenceBars draws the groups, the first at the top.
type preferenceBars struct{ groups []PreferenceGroup }

// Plot implements plot.Plotter.
func (b *preferenceBars) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	const half = vg.Length(7)
	for i, g := range b.groups {
		middle := y(float64(len(b.groups) - 1 - i))
		part := func(from, to float64, ink color.Color) {
			fill(c, vg.Rectangle{Min: vg.Point{X: x(from), Y: middle - half}, Max: vg.Point{X: x(to), Y: middle + half}}, ink)
		}
		if g.Votes > 0 {
			left, right := 100*float64(g.Left)/float64(g.Votes), 100-100*float64(g.Right)/float64(g.Votes)
			part(left, right, pale)
			part(0, left, palette[0])
			part(right, 100, palette[4])
			whisker(c, x(g.LeftInterval[0]), x(g.LeftInterval[1]), middle+half/3)
			whisker(c, x(100-g.RightInterval[1]), x(100-g.RightInterval[0]), middle-half/3)
		}
		outline(c, vg.Rectangle{Min: vg.Point{X: x(0), Y: middle - half}, Max: vg.Point{X: x(100), Y: middle + half}},
			draw.LineStyle{Color: grey, Width: vg.Points(0.4)})
	}
	c.StrokeLine2(draw.LineStyle{Color: black, Width: vg.Points(0.6), Dashes: dashes[2]}, x(50), c.Min.Y, x(50), c.Max.Y)
}

// whisker is an interval: a black line with ends on a white one, which shows on any colour.
func whisker(c draw.Canvas, from, to, y vg.Length) {
	for _, line := range []draw.LineStyle{{Color: white, Width: vg.Points(2.2)}, {Color: black, Width: vg.Points(0.9)}} {
		c.StrokeLine2(line, from, y, to, y)
		for _, end := range []vg.Length{from, to} {
			c.StrokeLine2(line, end, y-1.8, end, y+1.8)
		}
	}
}
