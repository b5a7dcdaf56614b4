package results

import (
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
