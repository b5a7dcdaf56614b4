package results

import (
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// height is where a value is on the axis.
func (c Courses) height(v float64) float64 {
	if c.Logarithmic {
		return math.Log10(v)
	}
	return v
}

func (c Courses) panel(term string, lines []course, last bool) *plot.Plot {
	p := newPanel("", "", "")
	titleOverData(p, term)
	if last {
		p.X.Label.Text = "step"
	}
	var xs, ys []float64
	for _, line := range lines {
		for i, v := range line.values {
			if !math.IsNaN(v) {
				xs, ys = append(xs, float64(line.steps[i])), append(ys, c.height(v))
			}
		}
	}
	p.X.Min, p.X.Max = padded(xs, 0.02)
	p.Y.Min, p.Y.Max = padded(ys, 0.05)
	p.X.Padding, p.Y.Padding = 0, 0
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.TickerFunc(stepTicks), fewTicks(true)
	if c.Logarithmic {
		p.Y.Tick.Marker = plot.TickerFunc(logTicks)
	}
	p.Add(&courseLines{c, lines}, frame{})
	return p
}

// stepTicks labels steps, thousands of them with a k.
func stepTicks(low, high float64) []plot.Tick {
	ticks := fewTicks(true)(low, high)
	for i, tick := range ticks {
		if tick.Value != math.Round(tick.Value) {
			ticks[i].Label = "" // there is no such step
		} else if high >= 10_000 && tick.Value != 0 {
			ticks[i].Label = strconv.FormatFloat(tick.Value/1000, 'f', -1, 64) + "k"
		}
	}
	return ticks
}

// courseLines draws all values of all runs faintly, and the means over them.
type courseLines struct {
	courses Courses
	lines   []course
}

// Plot implements plot.Plotter.
func (d *courseLines) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	at := func(step int, v float64) vg.Point {
		return vg.Point{X: toX(float64(step)), Y: toY(d.courses.height(v))}
	}
	if d.courses.Window > 1 {
		for _, line := range d.lines {
			faint := line.look.line
			ink := faint.Color.(color.NRGBA)
			ink.A = 45
			faint.Color, faint.Width, faint.Dashes = ink, 0.4, nil
			strokeGaps(c, faint, line, line.values, at)
		}
	}
	for _, line := range d.lines {
		halo := line.look.line
		halo.Color, halo.Width, halo.Dashes = white, halo.Width+1, nil
		strokeGaps(c, halo, line, line.smooth, at)
		strokeGaps(c, line.look.line, line, line.smooth, at)
	}
}

// strokeGaps draws a line through values, interrupted where there is none. A
// value between two gaps is a dot.
func strokeGaps(c draw.Canvas, style draw.LineStyle, line course, values []float64, at func(int, float64) vg.Point) {
	var points []vg.Point
	flush := func() {
		switch points = thin(points); len(points) {
		case 0:
		case 1:
			c.DrawGlyph(draw.GlyphStyle{Color: style.Color, Radius: max(0.6, style.Width/2), Shape: draw.CircleGlyph{}}, points[0])
		default:
			c.StrokeLines(style, points)
		}
		points = nil
	}
	for i, v := range values {
		if math.IsNaN(v) {
			flush()
			continue
		}
		points = append(points, at(line.steps[i], v))
	}
	flush()
}

// thin leaves of the points in every third of a typographic point of width the
// first, the lowest, the highest and the last, in their order: the same ink in
// print, and a file that stays small.
func thin(points []vg.Point) []vg.Point {
	var kept []vg.Point
	for start := 0; start < len(points); {
		end, low, high := start+1, start, start
		for ; end < len(points) && int(points[end].X*3) == int(points[start].X*3); end++ {
			if points[end].Y < points[low].Y {
				low = end
			}
			if points[end].Y > points[high].Y {
				high = end
			}
		}
		last := -1
		for _, i := range []int{start, min(low, high), max(low, high), end - 1} {
			if i > last {
				kept, last = append(kept, points[i]), i
			}
		}
		start = end
	}
	return kept
}
