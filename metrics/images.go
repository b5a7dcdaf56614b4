package metrics

import (
	"fmt"
	"math"
	"slices"

	"transfera/aten"
)

// chunk is about how many values the images of one pass have. It bounds the memory of the maps and keeps them in the
// processor's cache: SSIM of 20 images of 224x224 takes over ten times longer in one pass than image by image.
const chunk = 1 << 18

// perImage averages a map over each image's channels and pixels. measure gets some of the images of output, in double
// precision, and the same ones of target, and returns the map (n,3,H,W); what it makes from its first argument is freed.
func perImage(what string, output, target aten.Tensor, measure func(x, y aten.Tensor) aten.Tensor) ([]float64, error) {
	if err := checkImages(output, target); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	output, target = output.Detach(), target.Detach()
	defer output.Free()
	defer target.Free()
	shape := output.Shape()
	step := max(1, chunk/(shape[1]*shape[2]*shape[3]))
	values := make([]float64, 0, shape[0])
	for start := 0; start < shape[0]; start += step {
		n := min(step, shape[0]-start)
		x, y := aten.Narrow(output, 0, start, n), aten.Narrow(target, 0, start, n)
		means := aten.Within(x, func(x aten.Tensor) aten.Tensor {
			return aten.Mean(measure(x.Cast(aten.Double), y), 1, 2, 3)
		})
		values = append(values, means.Doubles()...)
		for _, t := range []aten.Tensor{x, y, means} {
			t.Free()
		}
	}
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("%s: output or target %d of the batch has values that are not finite; did training diverge?", what, i)
		}
	}
	return values, nil
}

func checkImages(output, target aten.Tensor) error {
	shape := output.Shape()
	if !slices.Equal(shape, target.Shape()) {
		return fmt.Errorf("output %v and target %v differ in shape", shape, target.Shape())
	}
	if len(shape) != 4 || shape[1] != 3 || slices.Contains(shape, 0) {
		return fmt.Errorf("images have shape %v; expected (N,3,H,W) with at least one pixel", shape)
	}
	for _, images := range []aten.Tensor{output, target} {
		if t := images.Type(); t != aten.Float && t != aten.Double {
			return fmt.Errorf("images must be float32 or float64 with values in [0,1], not element type %d", t)
		}
	}
	return nil
}
