package results

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// FigureSpec says which cells a figure shows.
type FigureSpec struct {
	Title string
	// Metrics are the panels from left to right; empty is top1 and psnr.
	Metrics []string
	// Lines is the axis (evaluator, method, source or dataset) that gives one
	// line per value; empty is evaluator.
	Lines string
	// Where and Order are those of TableSpec.
	Where map[string][]string
	Order map[string][]string
}

// lineAxes are the axes that can tell lines apart.
var lineAxes = []string{"evaluator", "method", "source", "dataset"}

// LambdaCurve draws the trade-off that lambda sets: one panel per task (down)
// and metric (across), the metric against lambda on a logarithmic axis, one
// line per evaluator, with the same means and intervals over seeds and images
// as in tables. Plain, which is lambda 0 and so has no place on that axis, is
// drawn apart at its left. A metric without evaluator, such as psnr, is one
// black line. Method none is not drawn.
func LambdaCurve(cells []Cell, spec FigureSpec) (*Figure, error) {
	figure, err := lambdaCurve(cells, spec)
	if err != nil {
		return nil, fmt.Errorf("figure %q: %w", spec.Title, err)
	}
	return figure, nil
}

func lambdaCurve(cells []Cell, spec FigureSpec) (*Figure, error) {
	if len(spec.Metrics) == 0 {
		spec.Metrics = []string{"top1", "psnr"}
	}
	if spec.Lines == "" {
		spec.Lines = "evaluator"
	}
	if !slices.Contains(lineAxes, spec.Lines) {
		return nil, fmt.Errorf("lines cannot be told apart by %q; choose one of %v", spec.Lines, lineAxes)
	}
	s := sweep{spec: spec, layout: TableSpec{Rows: []string{"task"}, Metrics: spec.Metrics, Where: spec.Where, Order: spec.Order}}
	if err := s.layout.check(); err != nil {
		return nil, err
	}
	if err := s.collect(cells); err != nil {
		return nil, err
	}
	figure := &Figure{title: spec.Title, legend: newLegend()}
	for i, name := range s.names {
		figure.legend.Add(name, sample{lookOf(i)})
	}
	for _, task := range s.tasks {
		var row []*plot.Plot
		for _, metric := range spec.Metrics {
			panel, err := s.panel(task, metric)
			if err != nil {
				return nil, err
			}
			row = append(row, panel)
		}
		figure.panels = append(figure.panels, row)
	}
	return figure, nil
}

// sweep is the points of all curves.
type sweep struct {
	spec    FigureSpec
	layout  TableSpec
	tasks   []string
	names   []string // of the lines in the legend
	lambdas []float64
	points  map[place]*group
}

// place is where a point belongs; lambda 0 is plain.
type place struct {
	task, metric, line string
	lambda             float64
}

// collect groups the cells by place.
func (s *sweep) collect(cells []Cell) error {
	members := map[place][]Cell{}
	var places []place
	for _, c := range slices.SortedFunc(slices.Values(cells), compareCells) {
		if !slices.Contains(s.spec.Metrics, c.Metric) || c.Task == TaskClean || c.Method == MethodNone || !s.selects(c) {
			continue
		}
		lambda, err := strconv.ParseFloat(c.Lambda, 64)
		if err != nil || lambda < 0 || math.IsInf(lambda, 0) || math.IsNaN(lambda) {
			return fmt.Errorf("%s %s: lambda %q is not a number from 0 on", c.Task, c.Method, c.Lambda)
		}
		at := place{c.Task, c.Metric, c.axis(s.spec.Lines), lambda}
		if c.Method == MethodPlain && s.spec.Lines == "method" {
			at.line = "" // plain is every method's lambda 0, and no line of its own
		}
		if members[at] == nil {
			places = append(places, at)
		}
		members[at] = append(members[at], c)
		s.tasks = appendNew(s.tasks, at.task)
		s.names = appendNew(s.names, at.line)
		if lambda > 0 && !slices.Contains(s.lambdas, lambda) {
			s.lambdas = append(s.lambdas, lambda)
		}
	}
	if len(s.lambdas) == 0 {
		return fmt.Errorf("no cell of %v with a lambda above 0", s.spec.Metrics)
	}
	slices.Sort(s.lambdas)
	slices.SortFunc(s.tasks, func(a, b string) int { return compareOn("task", s.layout.order("task"), a, b) })
	slices.SortFunc(s.names, func(a, b string) int { return compareOn(s.spec.Lines, s.layout.order(s.spec.Lines), a, b) })
	s.points = map[place]*group{}
	for _, at := range places {
		g, err := newGroup(members[at])
		if err != nil {
			return fmt.Errorf("%s, %s, %s, lambda %v: %w", at.task, at.metric, label(at.line), at.lambda, err)
		}
		s.points[at] = g
	}
	return nil
}

// selects is Where, which plain passes whatever is asked of method, lambda and
// source.
func (s *sweep) selects(c Cell) bool {
	if c.Method == MethodPlain {
		return s.layout.selects(c, "method", "lambda", "source")
	}
	return s.layout.selects(c)
}

// scale places lambdas on the x axis: log10, and plain to the left of all.
type scale struct{ plain, first, last float64 }

func (s *sweep) scale() scale {
	first, last := math.Log10(s.lambdas[0]), math.Log10(s.lambdas[len(s.lambdas)-1])
	return scale{plain: first - math.Max(0.5, 0.25*(last-first)), first: first, last: last}
}

func (x scale) at(lambda float64) float64 {
	if lambda == 0 {
		return x.plain
	}
	return math.Log10(lambda)
}

func (s *sweep) panel(task, metric string) (*plot.Plot, error) {
	x := s.scale()
	margin := 0.06 * (x.last - x.plain)
	p := newPanel(task, "λ", LookupMetric(metric).Label())
	p.X.Tick.Marker = s.ticks(x)
	p.Add(&divider{x: (x.plain + x.first) / 2})
	drawn := 0
	for i, name := range append([]string{""}, s.names...) {
		// Lines are set apart by a hair so that error bars do not hide each other.
		shift := 0.0
		if name != "" {
			shift = (float64(i-1) - float64(len(s.names)-1)/2) * 0.012 * (x.last - x.plain)
		}
		points := s.line(task, metric, name)
		for k := range points.XYs {
			points.XYs[k].X = x.at(points.XYs[k].X) + shift
		}
		if len(points.XYs) > 0 {
			drawn++
			if err := addLine(p, points, lookOf(i-1)); err != nil {
				return nil, err
			}
		}
	}
	if drawn == 0 {
		return nil, fmt.Errorf("task %s has no %s to draw", task, metric)
	}
	p.X.Min, p.X.Max = x.plain-margin, x.last+margin
	return p, nil
}

// line returns the points of one line by lambda, plain first.
func (s *sweep) line(task, metric, name string) points {
	var found points
	for _, lambda := range append([]float64{0}, s.lambdas...) {
		g := s.points[place{task, metric, name, lambda}]
		if g == nil || math.IsNaN(g.mean) || math.IsInf(g.mean, 0) {
			continue
		}
		half := g.half
		if math.IsNaN(half) {
			half = 0
		}
		found.XYs = append(found.XYs, plotter.XY{X: lambda, Y: g.mean})
		found.YErrors = append(found.YErrors, struct{ Low, High float64 }{half, half})
		found.apart = found.apart || lambda == 0
	}
	return found
}

// points are plotter.YErrorer and plotter.XYer; apart says that the first is
// plain.
type points struct {
	plotter.XYs
	plotter.YErrors
	apart bool
}

// addLine draws the line through all points but plain, and all glyphs and
// error bars.
func addLine(p *plot.Plot, points points, look look) error {
	bars, err := plotter.NewYErrorBars(points)
	if err != nil {
		return err
	}
	bars.LineStyle = draw.LineStyle{Color: look.line.Color, Width: vg.Points(0.7)}
	bars.CapWidth = vg.Points(3)
	glyphs, err := plotter.NewScatter(points.XYs)
	if err != nil {
		return err
	}
	glyphs.GlyphStyle = look.glyph
	swept := points.XYs
	if points.apart {
		swept = swept[1:]
	}
	if len(swept) > 0 {
		line, err := plotter.NewLine(swept)
		if err != nil {
			return err
		}
		line.LineStyle = look.line
		p.Add(line)
	}
	p.Add(bars, glyphs)
	return nil
}

// ticks labels plain and the lambdas: each if they are few, else the powers of
// ten among them.
func (s *sweep) ticks(x scale) plot.ConstantTicks {
	ticks := plot.ConstantTicks{{Value: x.plain, Label: "0\nplain"}}
	for _, lambda := range s.lambdas {
		tick := plot.Tick{Value: x.at(lambda)}
		if exponent := math.Log10(lambda); len(s.lambdas) <= 5 || exponent == math.Round(exponent) {
			tick.Label = shortLambda(lambda)
		}
		ticks = append(ticks, tick)
	}
	return ticks
}

// shortLambda is FormatLambda without the exponent's leading zero.
func shortLambda(lambda float64) string {
	if lambda < 1e-3 || lambda >= 1e4 {
		mantissa, exponent := lambda, math.Floor(math.Log10(lambda))
		mantissa /= math.Pow(10, exponent)
		return fmt.Sprintf("%.3ge%.0f", mantissa, exponent)
	}
	return FormatLambda(lambda)
}

// divider is the dotted line between plain and the logarithmic axis.
type divider struct{ x float64 }

// Plot implements plot.Plotter.
func (d *divider) Plot(c draw.Canvas, p *plot.Plot) {
	toX, _ := p.Transforms(&c)
	style := draw.LineStyle{Color: grey, Width: vg.Points(0.7), Dashes: []vg.Length{1, 2}}
	c.StrokeLine2(style, toX(d.x), c.Min.Y, toX(d.x), c.Max.Y)
}

// sample is a line's picture in the legend.
type sample struct{ look look }

// Thumbnail implements plot.Thumbnailer.
func (s sample) Thumbnail(c *draw.Canvas) {
	y := c.Center().Y
	c.StrokeLine2(s.look.line, c.Min.X, y, c.Max.X, y)
	c.DrawGlyph(s.look.glyph, vg.Point{X: c.Center().X, Y: y})
}
