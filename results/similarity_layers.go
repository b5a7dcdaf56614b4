package results

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"transfera/metrics/statistics"
)

// trend is a straight line fitted by least squares.
type trend struct {
	n               float64
	mean, spread    float64 // of x: its mean and the sum of squares around it
	intercept, rise float64
	deviation       float64 // of the residuals, with n - 2 degrees of freedom
	low, high       float64 // x of the outermost points
}

// fitTrend is nil where there are too few points for a line with a band.
func fitTrend(points []SimilarityPoint) *trend {
	if len(points) < 4 {
		return nil
	}
	xs, ys := make([]float64, len(points)), make([]float64, len(points))
	for i, p := range points {
		xs[i], ys[i] = p.Similarity, p.Gain
	}
	t := &trend{n: float64(len(xs)), mean: stat.Mean(xs, nil), low: slices.Min(xs), high: slices.Max(xs)}
	if t.low == t.high {
		return nil
	}
	t.intercept, t.rise = stat.LinearRegression(xs, ys, nil, false)
	for i, x := range xs {
		t.spread += (x - t.mean) * (x - t.mean)
		residual := ys[i] - t.at(x)
		t.deviation += residual * residual
	}
	t.deviation = math.Sqrt(t.deviation / (t.n - 2))
	return t
}

func (t *trend) at(x float64) float64 { return t.intercept + t.rise*x }

// half is half of the confidence interval of the mean at x.
func (t *trend) half(x float64) float64 {
	quantile := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: t.n - 2}.Quantile((1 + statistics.Level) / 2)
	return quantile * t.deviation * math.Sqrt(1/t.n+(x-t.mean)*(x-t.mean)/t.spread)
}

// pointLooks tells groups apart by colour and shapes by glyph.
type pointLooks struct{ groups, shapes []string }

func (l *pointLooks) add(p SimilarityPoint) {
	l.groups, l.shapes = appendUnique(l.groups, p.Group), appendUnique(l.shapes, p.Shape)
}

func (l *pointLooks) shaped() bool { return len(l.shapes) > 1 || l.shapes[0] != "" }

func (l *pointLooks) glyph(p SimilarityPoint) draw.GlyphStyle {
	style := lookOf(slices.Index(l.groups, p.Group)).glyph
	if l.shaped() {
		style.Shape = lookOf(slices.Index(l.shapes, p.Shape)).glyph.Shape
	}
	return style
}

// explain adds the groups and then the shapes to a legend.
func (l *pointLooks) explain(legend *plot.Legend) {
	for i, group := range l.groups {
		switch {
		case l.shaped():
			addEntry(legend, group, swatch{lookOf(i).glyph.Color})
		case group != "" || len(l.groups) > 1:
			addEntry(legend, group, mark{lookOf(i).glyph})
		}
	}
	if !l.shaped() {
		return
	}
	for i, shape := range l.shapes {
		glyph := lookOf(i).glyph
		glyph.Color = black
		addEntry(legend, shape, mark{glyph})
	}
}

// cloud draws one panel's points, their trend and their labels.
type cloud struct {
	points []SimilarityPoint
	looks  *pointLooks
	trend  *trend
}

// Plot implements plot.Plotter.
func (s *cloud) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	at := func(x, y float64) vg.Point { return vg.Point{X: toX(x), Y: toY(y)} }
	if s.trend != nil {
		s.plotTrend(c, at)
	}
	var taken []vg.Rectangle
	if p.Y.Min < 0 && p.Y.Max > 0 {
		c.StrokeLine2(draw.LineStyle{Color: grey, Width: 0.7, Dashes: []vg.Length{1, 2}}, c.Min.X, toY(0), c.Max.X, toY(0))
		taken = append(taken, around(c.Min.X, toY(0), c.Max.X, toY(0), 0.5))
	}
	for _, point := range s.points {
		glyph := s.looks.glyph(point)
		here := at(point.Similarity, point.Gain)
		if !math.IsNaN(point.Low) {
			bar := draw.LineStyle{Color: glyph.Color, Width: 0.7}
			low, high := toY(point.Low), toY(point.High)
			c.StrokeLine2(bar, here.X, low, here.X, high)
			for _, y := range []vg.Length{low, high} {
				c.StrokeLine2(bar, here.X-1.5, y, here.X+1.5, y)
			}
			taken = append(taken, around(here.X, low, here.X, high, 1))
		}
		taken = append(taken, around(here.X, here.Y, here.X, here.Y, glyph.Radius))
	}
	for _, point := range s.points {
		c.DrawGlyph(s.looks.glyph(point), at(point.Similarity, point.Gain))
	}
	for _, point := range s.points {
		if area, ok := writeBeside(c, at(point.Similarity, point.Gain), point.Label, taken); ok {
			taken = append(taken, area)
		}
	}
}

// plotTrend draws the band, cut off at the panel's edge, and the line.
func (s *cloud) plotTrend(c draw.Canvas, at func(x, y float64) vg.Point) {
	const steps = 40
	var line, upper, lower []vg.Point
	for i := range steps + 1 {
		x := s.trend.low + (s.trend.high-s.trend.low)*float64(i)/steps
		y, half := s.trend.at(x), s.trend.half(x)
		line, upper, lower = append(line, at(x, y)), append(upper, at(x, y+half)), append(lower, at(x, y-half))
	}
	slices.Reverse(lower)
	band := append(upper, lower...)
	for i := range band {
		band[i].Y = max(c.Min.Y, min(c.Max.Y, band[i].Y))
	}
	c.FillPolygon(pale, band)
	c.StrokeLines(draw.LineStyle{Color: grey, Width: 1.2}, c.ClipLinesY(line)...)
}

func around(x0, y0, x1, y1, by vg.Length) vg.Rectangle {
	return vg.Rectangle{Min: vg.Point{X: x0 - by, Y: y0 - by}, Max: vg.Point{X: x1 + by, Y: y1 + by}}
}

// writeBeside writes a label next to a point, where it covers nothing that is
// taken and stays inside the canvas; ok is false where there is no such place.
func writeBeside(c draw.Canvas, at vg.Point, text string, taken []vg.Rectangle) (area vg.Rectangle, ok bool) {
	if text == "" {
		return area, false
	}
	style := textStyle(6)
	style.Color = ashen
	width, height := style.Width(text), vg.Length(6)
	const off = 4
	for _, corner := range []vg.Point{ // the label's lower left, from the point on
		{X: off, Y: -height / 2}, {X: -off - width, Y: -height / 2},
		{X: 2, Y: off}, {X: 2, Y: -off - height}, {X: -2 - width, Y: off}, {X: -2 - width, Y: -off - height},
	} {
		low := at.Add(corner)
		area = vg.Rectangle{Min: low, Max: low.Add(vg.Point{X: width, Y: height})}
		inside := area.Min.X > c.Min.X && area.Max.X < c.Max.X && area.Min.Y > c.Min.Y && area.Max.Y < c.Max.Y
		if inside && !slices.ContainsFunc(taken, func(r vg.Rectangle) bool { return overlap(r, area) }) {
			c.FillText(style, vg.Point{X: low.X, Y: low.Y + 1.2}, text)
			return area, true
		}
	}
	return area, false
}

func overlap(a, b vg.Rectangle) bool {
	return a.Min.X < b.Max.X && b.Min.X < a.Max.X && a.Min.Y < b.Max.Y && b.Min.Y < a.Max.Y
}
