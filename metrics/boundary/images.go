package boundary

import (
	"errors"
	"fmt"
	"math"

	"transfera/aten"
)

// Images are pictures of one size in plain memory, so that a sample has no lifetime and goes to the device in batches only.
type Images struct {
	Height, Width int
	// Pixels are (N,3,H,W) in row-major order, RGB, with values in [0,1] for pictures.
	Pixels []float32
}

// FromTensor copies images (N,3,H,W) from any device.
func FromTensor(t aten.Tensor) (Images, error) {
	shape := t.Shape()
	if len(shape) != 4 || shape[1] != 3 || shape[2] == 0 || shape[3] == 0 {
		return Images{}, fmt.Errorf("images have shape %v; expected (N,3,H,W) with at least one pixel", shape)
	}
	return Images{Height: shape[2], Width: shape[3], Pixels: t.Floats()}, nil
}

// Dimension returns the number of values in one image, 3*H*W.
func (x Images) Dimension() int { return 3 * x.Height * x.Width }

// Len returns the number of images.
func (x Images) Len() int {
	if x.Dimension() == 0 {
		return 0
	}
	return len(x.Pixels) / x.Dimension()
}

// At returns the values of image i, sharing memory.
func (x Images) At(i int) []float32 { return x.Pixels[i*x.Dimension() : (i+1)*x.Dimension()] }

func (x Images) check() error {
	if x.Height < 1 || x.Width < 1 {
		return fmt.Errorf("images are %dx%d; expected at least one pixel", x.Height, x.Width)
	}
	if len(x.Pixels) == 0 {
		return errors.New("there are no images")
	}
	if len(x.Pixels)%x.Dimension() != 0 {
		return fmt.Errorf("%d values are no whole number of images of 3x%dx%d", len(x.Pixels), x.Height, x.Width)
	}
	for i, v := range x.Pixels {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return fmt.Errorf("image %d has values that are not finite", i/x.Dimension())
		}
	}
	return nil
}

// same tells whether the images of both are of one size and equally many.
func (x Images) same(y Images) error {
	if x.Height != y.Height || x.Width != y.Width || len(x.Pixels) != len(y.Pixels) {
		return fmt.Errorf("%d images of %dx%d and %d of %dx%d do not pair up", x.Len(), x.Height, x.Width, y.Len(), y.Height, y.Width)
	}
	return nil
}

// tensor puts the images start..end-1 on a device, (end-start,3,H,W).
func (x Images) tensor(scope *aten.Scope, device aten.Device, start, end int) aten.Tensor {
	d := x.Dimension()
	return tensorOf(scope, device, x.Pixels[start*d:end*d], end-start, 3, x.Height, x.Width)
}

func tensorOf(scope *aten.Scope, device aten.Device, values []float32, shape ...int) aten.Tensor {
	t := aten.FromFloats(scope, values, shape...)
	if device.String() == aten.CPU.String() {
		return t
	}
	defer t.Free()
	return t.To(device)
}

// squaredDistance returns |a-b|^2, or something at or above limit once it is clear that it reaches it.
func squaredDistance(a, b []float32, limit float64) float64 {
	const stretch = 1 << 10
	sum := 0.0
	for start := 0; start < len(a) && sum < limit; start += stretch {
		end := min(start+stretch, len(a))
		sum += squaredStretch(a[start:end], b[start:end])
	}
	return sum
}

// squaredStretch adds up in four sums that do not wait for each other, as the processor would for one.
func squaredStretch(a, b []float32) float64 {
	var s0, s1, s2, s3 float64
	i := 0
	for ; i+4 <= len(a); i += 4 {
		p, q := a[i:i+4:i+4], b[i:i+4:i+4]
		d0, d1 := float64(p[0])-float64(q[0]), float64(p[1])-float64(q[1])
		d2, d3 := float64(p[2])-float64(q[2]), float64(p[3])-float64(q[3])
		s0 += d0 * d0
		s1 += d1 * d1
		s2 += d2 * d2
		s3 += d3 * d3
	}
	for ; i < len(a); i++ {
		d := float64(a[i]) - float64(b[i])
		s0 += d * d
	}
	return s0 + s1 + s2 + s3
}

func dot[E float32 | float64](a, b []E) float64 {
	sum := 0.0
	for i, v := range a {
		sum += float64(v) * float64(b[i])
	}
	return sum
}

func norm[E float32 | float64](a []E) float64 { return math.Sqrt(dot(a, a)) }

// difference returns a - b in double precision.
func difference(a, b []float32) []float64 {
	d := make([]float64, len(a))
	for i, v := range a {
		d[i] = float64(v) - float64(b[i])
	}
	return d
}

// scaled writes factor * a to out, rounded to single precision.
func scaled[E float32 | float64](out []float32, a []E, factor float64) {
	for i, v := range a {
		out[i] = float32(float64(v) * factor)
	}
}
