package boundary

import (
	"cmp"
	"context"
	"fmt"
	"math"
)

const (
	// Step is the spacing, in L2, of the grid on which MinDist looks for the first change of the label.
	Step = 0.5
	// Bisections is how often MinDist halves the step in which the label changes.
	Bisections = 12
)

// Outcome says what a Distance is.
type Outcome uint8

const (
	// Skipped: the image has no direction, so nothing was searched and Value is NaN.
	Skipped Outcome = iota
	// Crossed: the label changes at Value.
	Crossed
	// Censored: the label did not change up to the maximum, which is Value: the distance is larger.
	Censored
)

// Distance is how far along its direction, in L2, the label of an image changes.
type Distance struct {
	Value   float64
	Outcome Outcome
}

// MinDist returns, for each image x and its unit direction d, the smallest e > 0 at which f's label of x + e d differs from
// its label of x (Tramer et al. 2017). It looks every [Step] up to the maximum, a multiple of it, and then halves the step
// before the first change [Bisections] times: the distance is the middle of what is left, within 6.2e-5 of a place where the
// label changes. Regions that the ray crosses entirely between two grid points are not seen.
//
// A ray toward an image of another label that f gives it crosses at the latest there. Progress counts images whose ray has
// crossed on the grid or ended.
func MinDist(ctx context.Context, f Classifier, x Images, d Directions, maximum float64, b Batches) ([]Distance, error) {
	distances, err := minDist(ctx, f, x, d, maximum, b)
	if err != nil {
		return nil, fmt.Errorf("boundary distance: %w", err)
	}
	return distances, nil
}

func minDist(ctx context.Context, f Classifier, x Images, d Directions, maximum float64, b Batches) ([]Distance, error) {
	if err := cmp.Or(x.check(), b.check(), d.check(x)); err != nil {
		return nil, err
	}
	steps := maximum / Step
	if !(steps >= 1 && steps <= 1<<20 && steps == math.Trunc(steps)) {
		return nil, fmt.Errorf("maximum %v; expected a positive multiple of the step %v", maximum, Step)
	}
	distances := make([]Distance, x.Len())
	var rays []int // the images that have a direction
	for i, skipped := range d.Skipped {
		if distances[i].Value = math.NaN(); !skipped {
			rays = append(rays, i)
		}
	}
	b.report(0, len(rays))
	for start := 0; start < len(rays); start += b.Size {
		block := rays[start:min(start+b.Size, len(rays))]
		s := &search{ctx: ctx, f: f, size: b.Size, device: b.Device, report: func(done int) { b.report(start+done, len(rays)) }}
		found, err := s.run(x.pick(block), d.Unit.pick(block), int(steps))
		if err != nil {
			return nil, err
		}
		for k, i := range block {
			distances[i] = found[k]
		}
	}
	return distances, nil
}

// pick copies the images at the given places.
func (x Images) pick(places []int) Images {
	picked := Images{Height: x.Height, Width: x.Width, Pixels: make([]float32, 0, len(places)*x.Dimension())}
	for _, i := range places {
		picked.Pixels = append(picked.Pixels, x.At(i)...)
	}
	return picked
}
