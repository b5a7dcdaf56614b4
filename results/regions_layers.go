package results

import (
	"image"
	"image/color"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

var (
	otherColour   = color.NRGBA{R: 217, G: 217, B: 217, A: 255}
	regionOutline = draw.LineStyle{Color: black, Width: vg.Points(1)}
	imageMark     = draw.GlyphStyle{Color: black, Radius: vg.Points(3), Shape: haloCross{}}
)

// areas draws a map as a picture of one pixel per grid point.
type areas struct {
	regions Regions
	labels  RegionMap
	named   []int32
}

// Plot implements plot.Plotter.
func (a *areas) Plot(c draw.Canvas, p *plot.Plot) {
	width, height := len(a.regions.U), len(a.regions.V)
	picture := image.NewNRGBA(image.Rect(0, 0, width, height))
	for i, class := range a.labels.Labels {
		colour := otherColour
		if k := slices.Index(a.named, class); k >= 0 {
			colour = regionColours[k]
		}
		picture.SetNRGBA(i%width, height-1-i/width, colour)
	}
	drawImage(c, c.Rectangle, picture)
}

// boundary draws the outline of the true class's region.
type boundary struct {
	regions Regions
	labels  RegionMap
	style   draw.LineStyle
}

// Plot implements plot.Plotter.
func (b *boundary) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	r := b.regions
	inside := func(column, row int) bool { return b.labels.Labels[row*len(r.U)+column] == r.Truth }
	for _, line := range contours(len(r.U), len(r.V), inside) {
		points := make([]vg.Point, len(line))
		for i, at := range line {
			points[i] = vg.Point{X: toX(r.U[0] + at[0]*(r.U[1]-r.U[0])), Y: toY(r.V[0] + at[1]*(r.V[1]-r.V[0]))}
		}
		c.StrokeLines(b.style, points)
	}
}

// origin draws a glyph at (0,0).
type origin struct{ glyph draw.GlyphStyle }

// Plot implements plot.Plotter.
func (o *origin) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	c.DrawGlyph(o.glyph, vg.Point{X: toX(0), Y: toY(0)})
}

// haloCross is an upright cross with a white rim, to be seen on any colour.
type haloCross struct{}

// DrawGlyph implements draw.GlyphDrawer.
func (haloCross) DrawGlyph(c *draw.Canvas, style draw.GlyphStyle, at vg.Point) {
	for _, pass := range []struct {
		colour color.Color
		width  vg.Length
		reach  vg.Length
	}{{white, 2.6, style.Radius + 0.7}, {style.Color, 1.2, style.Radius}} {
		line := draw.LineStyle{Color: pass.colour, Width: pass.width}
		c.StrokeLine2(line, at.X-pass.reach, at.Y, at.X+pass.reach, at.Y)
		c.StrokeLine2(line, at.X, at.Y-pass.reach, at.X, at.Y+pass.reach)
	}
}
