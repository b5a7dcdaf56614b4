package results

import (
	"image"
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// drawImage draws a picture into an area. A canvas of pixels gets it resampled
// to its own: the nearest pixel where it is enlarged, so that small pictures
// stay sharp, and the mean of those it covers where it is made smaller. Vector
// graphics embed the picture as it is.
func drawImage(c draw.Canvas, area vg.Rectangle, picture image.Image) {
	var canvas vg.Canvas = c
	for { // a cropped canvas wraps the one it was cropped from
		inner, ok := canvas.(draw.Canvas)
		if !ok {
			break
		}
		canvas = inner.Canvas
	}
	if pixels, ok := canvas.(interface{ DPI() float64 }); ok {
		dots := func(l vg.Length) int { return max(1, int(math.Round(l.Dots(pixels.DPI())))) }
		// On whole dots, or the canvas blends neighbours.
		whole := func(l vg.Length) vg.Length { return vg.Length(dots(l)) * vg.Inch / vg.Length(pixels.DPI()) }
		size := area.Size()
		area.Min = vg.Point{X: whole(area.Min.X), Y: whole(area.Min.Y)}
		area.Max = vg.Point{X: area.Min.X + whole(size.X), Y: area.Min.Y + whole(size.Y)}
		picture = resample(picture, dots(size.X), dots(size.Y))
	}
	c.DrawImage(area, picture)
}

// resample gives a picture another size.
func resample(picture image.Image, width, height int) *image.NRGBA {
	from := picture.Bounds()
	out := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		top, bottom := covered(y, height, from.Dy())
		for x := range width {
			left, right := covered(x, width, from.Dx())
			out.SetNRGBA(x, y, meanColour(picture, image.Rect(left, top, right, bottom).Add(from.Min)))
		}
	}
	return out
}

// covered is the range of source pixels under pixel i of n; at least one.
func covered(i, n, source int) (first, end int) {
	if n >= source {
		first = (2*i + 1) * source / (2 * n)
		return first, first + 1
	}
	first = i * source / n
	return first, max(first+1, (i+1)*source/n)
}

func meanColour(picture image.Image, area image.Rectangle) color.NRGBA {
	var sum [4]int
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			c := color.NRGBAModel.Convert(picture.At(x, y)).(color.NRGBA)
			for i, v := range []uint8{c.R, c.G, c.B, c.A} {
				sum[i] += int(v)
			}
		}
	}
	n := area.Dx() * area.Dy()
	mean := func(i int) uint8 { return uint8((sum[i] + n/2) / n) }
	return color.NRGBA{R: mean(0), G: mean(1), B: mean(2), A: mean(3)}
}

// outline draws the edge of an area.
func outline(c draw.Canvas, area vg.Rectangle, style draw.LineStyle) {
	c.SetLineStyle(style)
	c.Stroke(area.Path())
}
