package data

import (
	"fmt"

	"transfera/data/imaging"
)

// frame is the size of a picture in pixels. From validHeight and validWidth on, at the bottom and at the right, it is
// padding.
type frame struct{ height, width, validHeight, validWidth int }

// frameOf is the frame of width x height pixels after padding to multiples.
func frameOf(width, height, multiple int) frame {
	return frame{
		height: roundUp(height, multiple), width: roundUp(width, multiple), validHeight: height, validWidth: width,
	}
}

// roundUp is the least multiple that is at least n.
func roundUp(n, multiple int) int { return (n + multiple - 1) / multiple * multiple }

// fittedSize is width and height after scaling by the factor that makes the shorter side short pixels long, or by the one
// that makes the longer side long pixels long if that is smaller and long is not 0. The side that decides is exact; the
// other one is rounded to the nearest pixel, halves up, and at least 1.
func fittedSize(width, height, short, long int) (int, int) {
	shorter, longer := min(width, height), max(width, height)
	to, from := short, shorter
	if long > 0 && short*longer > long*shorter {
		to, from = long, longer
	}
	scale := func(side int) int { return max(1, (2*side*to+from)/(2*from)) }
	return scale(width), scale(height)
}

// fit resizes an image to fittedSize with Pillow's bilinear filter.
func fit(image *imaging.Image, short, long int) (*imaging.Image, error) {
	width, height := fittedSize(image.Width, image.Height, short, long)
	if width > imaging.MaxPixels/height {
		return nil, fmt.Errorf("image of %dx%d pixels would have %dx%d; set long_side", image.Width, image.Height, width, height)
	}
	return image.Resize(width, height, imaging.Bilinear), nil
}

// padded repeats the last column to the right and the last row down until both sides are multiples.
func padded(image *imaging.Image, multiple int) *imaging.Image {
	width, height := roundUp(image.Width, multiple), roundUp(image.Height, multiple)
	if width == image.Width && height == image.Height {
		return image
	}
	result := imaging.New(width, height)
	for y := range height {
		row := result.Pix[3*y*width : 3*(y+1)*width]
		n := copy(row, image.Pix[3*min(y, image.Height-1)*image.Width:][:3*image.Width])
		for ; n < len(row); n++ {
			row[n] = row[n-3]
		}
	}
	return result
}

// stretched are copies of the objects of an image after resizing it.
func stretched(objects []Object, from, to *imaging.Image) []Object {
	var result []Object
	for _, object := range objects {
		for c, size := range [][2]int{{from.Width, to.Width}, {from.Height, to.Height}} {
			for _, k := range []int{c, c + 2} {
				object.Box[k] = float64(object.Box[k]*float64(size[1])) / float64(size[0])
			}
		}
		result = append(result, object)
	}
	return result
}

// mirror flips objects left to right, as FlipHorizontal does an image of this width.
func mirror(objects []Object, width int) {
	for i, object := range objects {
		objects[i].Box[0], objects[i].Box[2] = float64(width)-object.Box[2], float64(width)-object.Box[0]
	}
}
