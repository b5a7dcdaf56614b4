package boundary

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
)

// ErrZeroGradient is the error where an image has no gradient plane: choose another image, and count it.
var ErrZeroGradient = errors.New("the loss has a zero gradient at the image")

// GradientPlane returns the plane through image i of x that is spanned by the gradient of f's cross-entropy (E1) and a
// seeded random normal vector made orthogonal to it (E2), as Liu et al. 2017 draw. 1 on its axes is sqrt(dimension)/255 in
// L2, so that a coordinate is a change of the image by so many grey levels, root mean square. f is the reference: every
// classifier compared is drawn on this one plane.
func GradientPlane(ctx context.Context, f Classifier, x Images, labels []int64, i int, seed uint64, b Batches) (Plane, error) {
	plane, err := gradientPlane(ctx, f, x, labels, i, seed, b)
	if err != nil {
		return Plane{}, fmt.Errorf("gradient plane of image %d: %w", i, err)
	}
	return plane, nil
}

func gradientPlane(ctx context.Context, f Classifier, x Images, labels []int64, i int, seed uint64, b Batches) (Plane, error) {
	if err := cmp.Or(x.check(), checkLabels(labels, x.Len(), 0)); err != nil {
		return Plane{}, err
	}
	if i < 0 || i >= x.Len() {
		return Plane{}, fmt.Errorf("there are images 0..%d only", x.Len()-1)
	}
	d, err := alongGradient(ctx, f, x.pick([]int{i}), labels[i:i+1], b)
	if err != nil {
		return Plane{}, err
	}
	if d.Skipped[0] {
		return Plane{}, ErrZeroGradient
	}
	return Plane{
		Height: x.Height, Width: x.Width,
		Origin: x.At(i), E1: d.Unit.At(0), E2: randomOrthogonal(d.Unit.At(0), seed, i),
		Unit: math.Sqrt(float64(x.Dimension())) / 255,
	}, nil
}

// randomOrthogonal returns a vector of length 1 that is orthogonal to e, which has length 1, uniform among those.
func randomOrthogonal(e []float32, seed uint64, image int) []float32 {
	normal := stream(seed, "plane-normal", image)
	v := make([]float64, len(e))
	for k := range v {
		v[k] = normal.NormFloat64()
	}
	removeAlong(v, e)
	out := make([]float32, len(e))
	scaled(out, v, 1/norm(v))
	return out
}

// removeAlong takes the part of v along e away, e of length 1, and returns its length.
func removeAlong(v []float64, e []float32) float64 {
	along := 0.0
	for k, c := range e {
		along += v[k] * float64(c)
	}
	for k, c := range e {
		v[k] -= along * float64(c)
	}
	return along
}
