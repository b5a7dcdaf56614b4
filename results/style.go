package results

import (
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Font sizes in points, at the figure's printed width.
const (
	titleSize = vg.Length(10)
	labelSize = vg.Length(9)
	tickSize  = vg.Length(8)
)

var (
	white  = color.NRGBA{R: 255, G: 255, B: 255, A: 255}
	black  = color.NRGBA{A: 255}
	grey   = color.NRGBA{R: 150, G: 150, B: 150, A: 255}
	pale   = color.NRGBA{R: 235, G: 235, B: 235, A: 255}
	yellow = color.NRGBA{R: 0xF0, G: 0xE4, B: 0x42, A: 255} // the palette's, for areas
	ashen  = color.NRGBA{R: 70, G: 70, B: 70, A: 255}       // labels of points
)

// palette is that of Okabe and Ito (2008), which people with any of the common
// colour vision deficiencies can tell apart, without its yellow (too faint on
// white) and its black (kept for what has no legend).
var palette = []color.NRGBA{
	{R: 0x00, G: 0x72, B: 0xB2, A: 255}, // blue
	{R: 0xD5, G: 0x5E, B: 0x00, A: 255}, // vermillion
	{R: 0x00, G: 0x9E, B: 0x73, A: 255}, // bluish green
	{R: 0xCC, G: 0x79, B: 0xA7, A: 255}, // reddish purple
	{R: 0xE6, G: 0x9F, B: 0x00, A: 255}, // orange
	{R: 0x56, G: 0xB4, B: 0xE9, A: 255}, // sky blue
}

// glyphs and dashes repeat what the colours say, for print in grey.
var glyphs = []draw.GlyphDrawer{
	draw.CircleGlyph{}, draw.BoxGlyph{}, draw.PyramidGlyph{}, draw.RingGlyph{}, draw.SquareGlyph{}, draw.TriangleGlyph{}, draw.CrossGlyph{},
}

var dashes = [][]vg.Length{nil, {5, 2}, {2, 2}, {6, 2, 2, 2}}

// look is how one line of a figure is drawn.
type look struct {
	line  draw.LineStyle
	glyph draw.GlyphStyle
}

// lookOf is the look of the i-th line of a legend; -1 is the line that needs
// no legend.
func lookOf(i int) look {
	ink, shape, dash := black, glyphs[0], dashes[0]
	if i >= 0 {
		ink, shape, dash = palette[i%len(palette)], glyphs[i%len(glyphs)], dashes[i%len(dashes)]
	}
	return look{
		line:  draw.LineStyle{Color: ink, Width: vg.Points(1.2), Dashes: dash},
		glyph: draw.GlyphStyle{Color: ink, Radius: vg.Points(2.4), Shape: shape},
	}
}

func textStyle(size vg.Length) draw.TextStyle {
	return draw.TextStyle{
		Color:   black,
		Font:    font.From(font.Font{Typeface: "Liberation", Variant: "Sans"}, size),
		Handler: plot.DefaultTextHandler,
	}
}

// newPanel is an empty plot in the figures' style.
func newPanel(title, x, y string) *plot.Plot {
	p := plot.New()
	restyle := func(style *draw.TextStyle, size vg.Length) {
		style.Font = textStyle(size).Font
	}
	p.Title.Text, p.Title.Padding = title, vg.Points(3)
	restyle(&p.Title.TextStyle, labelSize)
	p.X.Label.Text, p.Y.Label.Text = x, y
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		restyle(&axis.Label.TextStyle, labelSize)
		restyle(&axis.Tick.Label, tickSize)
		axis.Padding = vg.Points(2)
	}
	p.Y.Tick.Marker = plot.TickerFunc(roundTicks)
	return p
}

// titleOverData writes a panel's title centred over its data, where the axis
// at its left would push it aside, with smaller lines under it.
func titleOverData(p *plot.Plot, title string, lines ...string) {
	p.Title.Text = " " // keeps the place
	p.Title.Padding += noteLeading * vg.Length(len(lines))
	p.Add(&heading{title, lines})
}

// heading is a title over the data.
type heading struct {
	title string
	lines []string
}

// Plot implements plot.Plotter.
func (h *heading) Plot(c draw.Canvas, p *plot.Plot) {
	style := textStyle(labelSize)
	style.XAlign = draw.XCenter
	at := vg.Point{X: c.Center().X, Y: c.Max.Y + p.Title.Padding + 2}
	c.FillText(style, at, shorten(style, h.title, c.Size().X+panelGap))
	style.Font.Size = noteSize
	for _, line := range h.lines {
		at.Y -= noteLeading
		c.FillText(style, at, shorten(style, line, c.Size().X+panelGap-2))
	}
}

// roundTicks labels four to eight round values (steps of 1, 2 or 5 times a
// power of ten) with no more decimals than they need.
func roundTicks(low, high float64) []plot.Tick {
	step := math.Pow(10, math.Floor(math.Log10((high-low)/4)))
	for _, factor := range []float64{5, 2} {
		if (high-low)/(factor*step) >= 4 {
			step *= factor
			break
		}
	}
	decimals := max(0, -int(math.Floor(math.Log10(step)+1e-9)))
	var ticks []plot.Tick
	for k := math.Ceil(low/step) + 0; k*step <= high; k++ { // + 0 takes the sign off a zero
		ticks = append(ticks, plot.Tick{Value: k * step, Label: strconv.FormatFloat(k*step, 'f', decimals, 64)})
	}
	return ticks
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
