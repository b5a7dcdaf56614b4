package models

// Field says how far an image-to-image network sees and how much it holds: what it takes to run it over a picture in tiles
// with the result of one pass. Pixels are those of its input.
type Field struct {
	// Reach is how many pixels an output pixel may depend on beyond its own place, to each side.
	Reach int
	// Align is what a tile's first row and column must be a multiple of, for the network to treat the tile as it treats the
	// picture; at least 1.
	Align int
	// Least is the smallest side that it takes.
	Least int
	// Floats bounds how many float32 values per pixel a forward pass without gradients holds at its peak, convolution's work
	// space included.
	Floats int
}

// Then is the field of a network followed by another one. scale is how many times the first enlarges.
func (f Field) Then(next Field, scale int) Field {
	align := f.Align
	for align*scale%next.Align != 0 {
		align += f.Align
	}
	return Field{
		Reach: f.Reach + ceilDiv(next.Reach, scale),
		Align: align,
		Least: max(f.Least, ceilDiv(next.Least, scale)),
		// The second runs when only the first's output is left of it.
		Floats: max(f.Floats, next.Floats*scale*scale),
	}
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }
