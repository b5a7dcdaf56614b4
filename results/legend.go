package results

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

func newLegend() plot.Legend {
	legend := plot.NewLegend()
	legend.TextStyle = textStyle(tickSize)
	legend.Padding = vg.Points(3)
	return legend
}

// addEntry adds to a legend, with a name that leaves room for the panels.
func addEntry(legend *plot.Legend, name string, picture plot.Thumbnailer) {
	legend.Add(shorten(legend.TextStyle, label(name), longestEntry), picture)
}

// stroke is the picture in the legend of a line without glyphs.
type stroke struct{ look look }

// Thumbnail implements plot.Thumbnailer.
func (s stroke) Thumbnail(c *draw.Canvas) {
	c.StrokeLine2(s.look.line, c.Min.X, c.Center().Y, c.Max.X, c.Center().Y)
}

// mark is the picture in the legend of a glyph without a line.
type mark struct{ glyph draw.GlyphStyle }

// Thumbnail implements plot.Thumbnailer.
func (m mark) Thumbnail(c *draw.Canvas) { c.DrawGlyph(m.glyph, c.Center()) }

// inRows makes panels, across of them in a row; each is told whether it is the
// first of its row and the last of its column, which carry the axes' names.
func inRows(list []func(first, last bool) *plot.Plot, across int) [][]*plot.Plot {
	var rows [][]*plot.Plot
	for start := 0; start < len(list); start += across {
		row := make([]*plot.Plot, across)
		for i, make := range list[start:min(start+across, len(list))] {
			row[i] = make(i == 0, start+i+across >= len(list))
		}
		rows = append(rows, row)
	}
	return rows
}

// squeezed gives data areas their height over width, lower where a single one
// would get taller than a page bears.
func squeezed(aspect float64) func(width vg.Length) vg.Length {
	return func(width vg.Length) vg.Length { return min(width*vg.Length(aspect), 4*vg.Inch) }
}

// fewTicks labels round values, three to five of them, or only ticks them.
func fewTicks(labelled bool) plot.TickerFunc {
	return func(low, high float64) []plot.Tick {
		ticks := roundTicks(low, high)
		if len(ticks) > 5 {
			step := ticks[1].Value - ticks[0].Value
			var even []plot.Tick
			for _, tick := range ticks {
				if math.Mod(math.Round(tick.Value/step), 2) == 0 {
					even = append(even, tick)
				}
			}
			ticks = even
		}
		for i := range ticks {
			if ticks[i].Label = minusSign(ticks[i].Label); !labelled {
				ticks[i].Label = ""
			}
		}
		return ticks
	}
}

// frame draws the edge of a panel's data.
type frame struct{}

// Plot implements plot.Plotter.
func (frame) Plot(c draw.Canvas, _ *plot.Plot) {
	outline(c, c.Rectangle, draw.LineStyle{Color: black, Width: vg.Points(0.5)})
}
