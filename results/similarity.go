package results

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"

	"transfera/metrics/statistics"
)

// Similarities are gains against how similar the recognizers of a pair are.
type Similarities struct {
	Title string
	// XLabel and YLabel name the axes with their unit; empty is "boundary
	// similarity" and "gain over plain [points]".
	XLabel, YLabel string
	// Points are pairs of source and evaluator, in any order.
	Points []SimilarityPoint
}

// SimilarityPoint is one pair of source and evaluator.
type SimilarityPoint struct {
	// Panel is the panel that the point belongs to, such as its task; panels
	// come in the order of their first points.
	Panel string
	// Group is what the colour says, such as the source, and Shape what the
	// glyph does, such as the evaluator. Where all points lack a shape, glyphs
	// repeat the group.
	Group, Shape string
	// Label is written beside the point where there is room; it may be empty.
	Label string
	// Similarity in the unit of XLabel, Gain in that of YLabel.
	Similarity, Gain float64
	// Low and High are the gain's interval, NaN where there is none.
	Low, High float64
}

// GainAgainstSimilarity draws whether gains transfer better between recognizers
// that are similar: a point per pair with its gain's interval, and per panel
// Spearman's rank correlation with its interval (see statistics.Spearman).
//
// Where a panel has four points or more of different similarity, a line shows
// the trend: ordinary least squares of gain on similarity, every point with the
// same weight whatever its interval. Its band is the pointwise 95 % confidence
// interval of the mean gain (Student's t with n - 2 degrees of freedom). Both
// interval and band take the points as independent and equally scattered.
// Points that share a source or an evaluator are not, so both are too narrow,
// and the figure says so.
//
// Points whose similarity or gain is NaN were not measured; they are left out
// and counted below the panels.
func GainAgainstSimilarity(similarities Similarities) (*Figure, error) {
	figure, err := similarities.figure()
	if err != nil {
		return nil, fmt.Errorf("figure %q: %w", similarities.Title, err)
	}
	return figure, nil
}

func (s Similarities) figure() (*Figure, error) {
	var panels []string
	var looks pointLooks
	members := map[string][]SimilarityPoint{}
	unmeasured := 0
	for _, p := range s.Points {
		if err := p.check(); err != nil {
			return nil, err
		}
		if math.IsNaN(p.Similarity) || math.IsNaN(p.Gain) {
			unmeasured++
			continue
		}
		panels = appendUnique(panels, p.Panel)
		looks.add(p)
		members[p.Panel] = append(members[p.Panel], p)
	}
	if len(panels) == 0 {
		return nil, fmt.Errorf("none of the %d points has a similarity and a gain", len(s.Points))
	}
	figure := &Figure{title: s.Title, legend: newLegend()}
	looks.explain(&figure.legend)
	var list []func(first, last bool) *plot.Plot
	fitted := false
	for _, name := range panels {
		c := &cloud{points: members[name], looks: &looks}
		c.trend = fitTrend(c.points)
		fitted = fitted || c.trend != nil
		list = append(list, func(first, last bool) *plot.Plot { return s.panel(name, c, first, last) })
	}
	figure.panels = inRows(list, across(len(list)))
	figure.dataHeight = func(width vg.Length) vg.Length { return max(1.5*vg.Inch, min(3*vg.Inch, 0.9*width)) }
	figure.notes = s.notes(fitted, unmeasured)
	return figure, nil
}

func (p SimilarityPoint) check() error {
	if math.IsInf(p.Similarity, 0) || math.IsInf(p.Gain, 0) {
		return fmt.Errorf("%s: similarity %v or gain %v is infinite", p.name(), p.Similarity, p.Gain)
	}
	if math.IsNaN(p.Low) != math.IsNaN(p.High) || p.Low > p.Gain || p.High < p.Gain || math.IsInf(p.Low, 0) || math.IsInf(p.High, 0) {
		return fmt.Errorf("%s: interval from %v to %v is none of gain %v", p.name(), p.Low, p.High, p.Gain)
	}
	return nil
}

// name is the point's in errors.
func (p SimilarityPoint) name() string {
	return strings.Join(strings.Fields("point "+p.Panel+" "+p.Group+" "+p.Shape+" "+p.Label), " ")
}

func (s Similarities) notes(fitted bool, unmeasured int) []string {
	text := "ρ: Spearman's rank correlation"
	if fitted {
		text += ". Line: least squares; band: pointwise 95 % interval of its mean"
	}
	text += ". Points that share a source or an evaluator are not independent: intervals of ρ and bands are too narrow."
	if slices.ContainsFunc(s.Points, func(p SimilarityPoint) bool { return p.Label != "" }) {
		text += " Points have labels where there is room."
	}
	if unmeasured > 0 {
		text += fmt.Sprintf(" %d %s without a number left out.", unmeasured, plural("point", unmeasured))
	}
	return []string{text}
}

func (s Similarities) panel(name string, c *cloud, first, last bool) *plot.Plot {
	p := newPanel("", "", "")
	titleOverData(p, name, correlation(c.points))
	if last {
		p.X.Label.Text = cmp.Or(s.XLabel, "boundary similarity")
	}
	if first {
		p.Y.Label.Text = cmp.Or(s.YLabel, "gain over plain [points]")
	}
	p.X.Tick.Marker, p.Y.Tick.Marker = fewTicks(true), fewTicks(true)
	p.X.Padding, p.Y.Padding = 0, 0
	var xs, ys []float64
	for _, point := range c.points {
		xs = append(xs, point.Similarity)
		ys = append(ys, point.Gain)
		if !math.IsNaN(point.Low) {
			ys = append(ys, point.Low, point.High)
		}
	}
	p.X.Min, p.X.Max = padded(xs, 0.1)
	p.Y.Min, p.Y.Max = padded(append(ys, 0), 0.06) // no gain is where one starts from
	p.Add(c, frame{})
	return p
}

// padded is the range of values with a share of it added on both sides.
func padded(values []float64, share float64) (low, high float64) {
	low, high = slices.Min(values), slices.Max(values)
	if low == high {
		by := math.Max(math.Abs(low)*0.1, 1e-3)
		return low - by, high + by
	}
	return low - share*(high-low), high + share*(high-low)
}

// correlation is what a panel says of its points' rank correlation.
func correlation(points []SimilarityPoint) string {
	xs, ys := make([]float64, len(points)), make([]float64, len(points))
	for i, p := range points {
		xs[i], ys[i] = p.Similarity, p.Gain
	}
	c, err := statistics.Spearman(xs, ys, statistics.Level)
	if err != nil {
		return fmt.Sprintf("no ρ, n = %d", len(points)) // too few points, or no spread
	}
	text := fmt.Sprintf("ρ = %.2f", c.Rho)
	if c.Interval.OK() {
		text += fmt.Sprintf(" [%.2f, %.2f]", c.Interval.Low, c.Interval.High)
	}
	return minusSigns(fmt.Sprintf("%s, n = %d", text, c.N))
}
