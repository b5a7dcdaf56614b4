package results

import (
	"image"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// ramp is a colour map: colours at even distances, blended in between.
type ramp []color.NRGBA

// sequential is viridis (van der Walt and Smith 2015), every eighth of it:
// lightness rises evenly, also for people with colour vision deficiencies and
// in print in grey.
var sequential = ramp{
	{R: 0x44, G: 0x01, B: 0x54, A: 255}, {R: 0x47, G: 0x2D, B: 0x7B, A: 255}, {R: 0x3B, G: 0x52, B: 0x8B, A: 255},
	{R: 0x2C, G: 0x72, B: 0x8E, A: 255}, {R: 0x21, G: 0x91, B: 0x8C, A: 255}, {R: 0x28, G: 0xAE, B: 0x80, A: 255},
	{R: 0x5E, G: 0xC9, B: 0x62, A: 255}, {R: 0xAD, G: 0xDC, B: 0x30, A: 255}, {R: 0xFD, G: 0xE7, B: 0x25, A: 255},
}

// diverging is RdBu of ColorBrewer (Harrower and Brewer 2003): red below the
// middle, blue above it, near white in the middle.
var diverging = ramp{
	{R: 0x67, G: 0x00, B: 0x1F, A: 255}, {R: 0xB2, G: 0x18, B: 0x2B, A: 255}, {R: 0xD6, G: 0x60, B: 0x4D, A: 255},
	{R: 0xF4, G: 0xA5, B: 0x82, A: 255}, {R: 0xFD, G: 0xDB, B: 0xC7, A: 255}, {R: 0xF7, G: 0xF7, B: 0xF7, A: 255},
	{R: 0xD1, G: 0xE5, B: 0xF0, A: 255}, {R: 0x92, G: 0xC5, B: 0xDE, A: 255}, {R: 0x43, G: 0x93, B: 0xC3, A: 255},
	{R: 0x21, G: 0x66, B: 0xAC, A: 255}, {R: 0x05, G: 0x30, B: 0x61, A: 255},
}

// at is the colour at a share of the ramp, in [0,1]; what is beyond gets the
// end's colour.
func (r ramp) at(share float64) color.NRGBA {
	place := math.Max(0, math.Min(1, share)) * float64(len(r)-1)
	i := min(int(place), len(r)-2)
	return blend(r[i], r[i+1], place-float64(i))
}

// blend is the mixture of two opaque colours, share being that of b.
func blend(a, b color.NRGBA, share float64) color.NRGBA {
	mix := func(x, y uint8) uint8 { return uint8(math.Round(float64(x) + share*(float64(y)-float64(x)))) }
	return color.NRGBA{R: mix(a.R, b.R), G: mix(a.G, b.G), B: mix(a.B, b.B), A: 255}
}

// inkOn is black or white, whichever has the higher contrast to the background
// (WCAG 2.1).
func inkOn(background color.NRGBA) color.NRGBA {
	linear := func(v uint8) float64 {
		if s := float64(v) / 255; s > 0.04045 {
			return math.Pow((s+0.055)/1.055, 2.4)
		}
		return float64(v) / 255 / 12.92
	}
	luminance := 0.2126*linear(background.R) + 0.7152*linear(background.G) + 0.0722*linear(background.B)
	if 1.05/(luminance+0.05) > (luminance+0.05)/0.05 {
		return white
	}
	return black
}

// colourBar shows which value has which colour.
type colourBar struct {
	label     string
	colours   ramp
	low, high float64
}

func (b *colourBar) colour(v float64) color.NRGBA {
	return b.colours.at((v - b.low) / (b.high - b.low))
}

const (
	barWidth  = vg.Length(10)
	barHeight = vg.Length(90)
)

func (b *colourBar) ticks() []plot.Tick {
	ticks := roundTicks(b.low, b.high)
	for i := range ticks {
		ticks[i].Label = minusSign(ticks[i].Label)
	}
	return ticks
}

func (b *colourBar) labelLines() []string { return wrap(textStyle(tickSize), b.label, longestEntry) }

func (b *colourBar) width() vg.Length {
	width := vg.Length(0)
	for _, tick := range b.ticks() {
		width = max(width, barWidth+5+textStyle(tickSize).Width(tick.Label))
	}
	for _, line := range b.labelLines() {
		width = max(width, textStyle(tickSize).Width(line))
	}
	return width
}

func (b *colourBar) height() vg.Length {
	return barHeight + tickSize + vg.Length(len(b.labelLines()))*1.25*tickSize
}

// draw draws the bar from the top left of c on, its label above it.
func (b *colourBar) draw(c draw.Canvas) {
	style := textStyle(tickSize)
	style.YAlign = draw.YTop
	y := c.Max.Y
	for _, line := range b.labelLines() {
		c.FillText(style, vg.Point{X: c.Min.X, Y: y}, line)
		y -= 1.25 * tickSize
	}
	y -= tickSize / 2
	area := vg.Rectangle{Min: vg.Point{X: c.Min.X, Y: y - barHeight}, Max: vg.Point{X: c.Min.X + barWidth, Y: y}}
	steps := image.NewNRGBA(image.Rect(0, 0, 1, 256))
	for i := range 256 {
		steps.SetNRGBA(0, i, b.colours.at(1-(float64(i)+0.5)/256))
	}
	drawImage(c, area, steps)
	outline(c, area, draw.LineStyle{Color: black, Width: vg.Points(0.5)})
	style.YAlign = draw.YCenter
	for _, tick := range b.ticks() {
		at := area.Min.Y + vg.Length((tick.Value-b.low)/(b.high-b.low))*barHeight
		c.StrokeLine2(draw.LineStyle{Color: black, Width: vg.Points(0.5)}, area.Max.X, at, area.Max.X+3, at)
		c.FillText(style, vg.Point{X: area.Max.X + 5, Y: at}, tick.Label)
	}
}

// swatch is a colour's picture in the legend.
type swatch struct{ colour color.Color }

// Thumbnail implements plot.Thumbnailer.
func (s swatch) Thumbnail(c *draw.Canvas) {
	area := draw.Crop(*c, 5, -5, 0.5, -0.5).Rectangle
	c.SetColor(s.colour)
	c.Fill(area.Path())
	outline(*c, area, draw.LineStyle{Color: grey, Width: vg.Points(0.4)})
}
