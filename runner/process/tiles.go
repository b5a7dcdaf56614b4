package process

import (
	"math"

	"transfera/data/imaging"
	"transfera/models"
)

// Rect is a rectangle of pixels.
type Rect struct{ X, Y, Width, Height int }

func (r Rect) times(scale int) Rect {
	return Rect{r.X * scale, r.Y * scale, r.Width * scale, r.Height * scale}
}

func (r Rect) pixels() int { return r.Width * r.Height }

// Source is a picture that is read in parts.
type Source interface {
	// Planes returns a rectangle of it, which lies within: (3,Height,Width) in [0,1].
	Planes(r Rect) []float32
}

// Picture is an image of 8 bits as a Source.
type Picture struct{ *imaging.Image }

// Planes converts the rectangle.
func (p Picture) Planes(r Rect) []float32 {
	part := p.Image
	if r != (Rect{0, 0, p.Width, p.Height}) {
		part, _ = p.Crop(r.X, r.Y, r.Width, r.Height) // within the picture
	}
	planes := make([]float32, 3*r.pixels())
	part.Planar(planes)
	return planes
}

// Planar is a picture in float32, (3,Height,Width) in [0,1], as a Source.
type Planar struct {
	Values        []float32
	Width, Height int
}

// Planes copies the rectangle.
func (p Planar) Planes(r Rect) []float32 { return cut(p.Values, Rect{0, 0, p.Width, p.Height}, r) }

// cut copies the rectangle part out of planes that cover the rectangle whole.
func cut(planes []float32, whole, part Rect) []float32 {
	if part == whole {
		return planes
	}
	out := make([]float32, 0, 3*part.pixels())
	for channel := range 3 {
		for y := range part.Height {
			from := (channel*whole.Height+part.Y-whole.Y+y)*whole.Width + part.X - whole.X
			out = append(out, planes[from:from+part.Width]...)
		}
	}
	return out
}

// Grid divides a picture of Width x Height pixels into cores of at most CoreWidth x CoreHeight.
type Grid struct{ Width, Height, CoreWidth, CoreHeight int }

// tile is a part of a picture: what of its result is kept, and what the networks see for it.
type tile struct{ core, seen Rect }

// tiles lists the tiles of a grid, row by row. Inside the picture a tile sees at least the reach around its core, so that
// the core's result is that of the whole picture. What it sees begins where the networks' alignment allows, and is as large
// for every tile as the picture and the alignment let it be: memory freed by one tile fits the next.
func (g Grid) tiles(field models.Field) []tile {
	var tiles []tile
	margin := roundUp(field.Reach, field.Align)
	for y := 0; y < g.Height; y += g.CoreHeight {
		top, bottom := window(y, g.CoreHeight, g.Height, margin, field.Align)
		for x := 0; x < g.Width; x += g.CoreWidth {
			left, right := window(x, g.CoreWidth, g.Width, margin, field.Align)
			core := Rect{x, y, min(g.CoreWidth, g.Width-x), min(g.CoreHeight, g.Height-y)}
			tiles = append(tiles, tile{core, Rect{left, top, right - left, bottom - top}})
		}
	}
	return tiles
}

// window is what a tile sees along one side of size pixels, for the core that starts at from.
func window(from, core, size, margin, align int) (start, end int) {
	whole := core + 2*margin
	start = max(min(from-margin, roundUp(max(size-whole, 0), align)), 0)
	return start, min(start+whole, size)
}

// NewGrid divides a picture so that no tile sees more than pixels. ok is false where even the smallest tile would.
func NewGrid(width, height, pixels int, field models.Field) (grid Grid, ok bool) {
	if max(width, field.Least)*max(height, field.Least) <= pixels {
		return Grid{width, height, width, height}, true
	}
	margin := 2 * roundUp(field.Reach, field.Align)
	side := int(math.Sqrt(float64(pixels)))
	// A picture narrower than the square is cut along its other side only.
	switch {
	case width <= side:
		core := roundDown(pixels/max(width, field.Least)-margin, field.Align)
		return Grid{width, height, width, core}, core > 0
	case height <= side:
		core := roundDown(pixels/max(height, field.Least)-margin, field.Align)
		return Grid{width, height, core, height}, core > 0
	}
	core := roundDown(side-margin, field.Align)
	return Grid{width, height, core, core}, core > 0
}

// leastPixels is how many pixels the smallest tile sees that large pictures are cut into: its core is as wide as the margins
// beside it, so that the work is at most nine times that of one pass.
func leastPixels(field models.Field) int {
	side := max(3*roundUp(field.Reach, field.Align), 32)
	return side * side
}

func roundUp(n, multiple int) int { return (n + multiple - 1) / multiple * multiple }

func roundDown(n, multiple int) int { return n / multiple * multiple }
