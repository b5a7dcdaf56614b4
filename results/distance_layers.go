package results

import (
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// distribution draws the share of values at or below each, as steps.
type distribution struct {
	values []float64
	look   look
	linear bool
}

// Plot implements plot.Plotter.
func (d *distribution) Plot(c draw.Canvas, p *plot.Plot) {
	n := len(d.values)
	if n == 0 {
		return
	}
	toX, toY := p.Transforms(&c)
	at := func(v float64) vg.Length {
		if !d.linear {
			v = math.Log10(v) // of 0 that is left of every axis
		}
		return toX(math.Max(v, p.X.Min))
	}
	sorted := slices.Sorted(slices.Values(d.values))
	points := []vg.Point{{X: c.Min.X, Y: toY(0)}}
	for i, v := range sorted {
		if i+1 < n && sorted[i+1] == v {
			continue
		}
		before := points[len(points)-1]
		here := vg.Point{X: at(v), Y: toY(float64(i+1) / float64(n))}
		points = append(points, vg.Point{X: here.X, Y: before.Y}, here)
	}
	points = append(points, vg.Point{X: c.Max.X, Y: toY(1)})
	c.StrokeLines(d.look.line, points)
	median := (sorted[(n-1)/2] + sorted[n/2]) / 2
	c.DrawGlyph(d.look.glyph, vg.Point{X: at(median), Y: toY(0.5)})
}

// logTicks labels powers of ten of an axis of log10, and 2 and 5 times them
// where there are fewer than two; it ticks the others.
func logTicks(low, high float64) []plot.Tick {
	powers := math.Floor(high) - math.Ceil(low) + 1
	var ticks []plot.Tick
	for exponent := math.Floor(low); exponent <= math.Ceil(high); exponent++ {
		for factor := 1.0; factor < 10; factor++ {
			value := exponent + math.Log10(factor)
			if value < low || value > high {
				continue
			}
			tick := plot.Tick{Value: value}
			if factor == 1 || powers < 2 && (factor == 2 || factor == 5) {
				tick.Label = strconv.FormatFloat(factor*math.Pow(10, exponent), 'g', 6, 64)
			}
			ticks = append(ticks, tick)
		}
	}
	if powers <= 0 && (len(ticks) == 0 || high-low < 0.3) {
		for _, tick := range roundTicks(math.Pow(10, low), math.Pow(10, high)) {
			ticks = append(ticks, plot.Tick{Value: math.Log10(tick.Value), Label: tick.Label})
		}
	}
	return ticks
}
