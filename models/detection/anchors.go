package detection

import "math"

// Anchors are the reference boxes of a region proposal network: at every position of the feature map one of each aspect
// ratio and size.
type Anchors struct {
	Sizes  []float32 // square roots of the areas, in pixels
	Ratios []float32 // height / width
}

// Count returns the number of anchors per position.
func (a Anchors) Count() int { return len(a.Sizes) * len(a.Ratios) }

// cell returns the anchors around (0, 0), ratio by ratio, with corners rounded to whole pixels, halves to even.
func (a Anchors) cell() []Box {
	var boxes []Box
	for _, ratio := range a.Ratios {
		tall := float32(math.Sqrt(float64(ratio)))
		flat := 1 / tall
		for _, size := range a.Sizes {
			x := float32(math.RoundToEven(float64(flat * size / 2)))
			y := float32(math.RoundToEven(float64(tall * size / 2)))
			boxes = append(boxes, Box{-x, -y, x, y})
		}
	}
	return boxes
}

// Grid returns the anchors of a feature map of rows x columns of an image of height and width pixels, in the order rows,
// columns, ratios, sizes, as torchvision's AnchorGenerator: the stride is a whole number of pixels, rounded down, and the
// first position is at (0, 0). Anchors may exceed the image.
func (a Anchors) Grid(rows, columns, height, width int) []Box {
	cell := a.cell()
	boxes := make([]Box, 0, rows*columns*len(cell))
	for row := range rows {
		y := float32(row * (height / rows))
		for column := range columns {
			x := float32(column * (width / columns))
			for _, b := range cell {
				boxes = append(boxes, Box{x + b[0], y + b[1], x + b[2], y + b[3]})
			}
		}
	}
	return boxes
}
