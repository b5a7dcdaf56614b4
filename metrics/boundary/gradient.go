package boundary

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"

	"transfera/aten"
)

// AlongGradient returns the adversarial directions: the gradient of f's cross-entropy with respect to each image, toward
// higher loss. Images of which it is zero are skipped. Progress counts images.
//
// The loss is computed in double precision from f's logits: in single precision its gradient vanishes as soon as f is surer
// than 1 - 6e-8, which would skip the images that f knows best.
func AlongGradient(ctx context.Context, f Classifier, x Images, labels []int64, b Batches) (Directions, error) {
	d, err := alongGradient(ctx, f, x, labels, b)
	if err != nil {
		return Directions{}, fmt.Errorf("directions along the gradient: %w", err)
	}
	return d, nil
}

func alongGradient(ctx context.Context, f Classifier, x Images, labels []int64, b Batches) (Directions, error) {
	if err := cmp.Or(x.check(), b.check(), checkLabels(labels, x.Len(), 0)); err != nil {
		return Directions{}, err
	}
	d := newDirections(x)
	vector := make([]float64, x.Dimension())
	for start := 0; start < x.Len(); start += b.Size {
		if err := ctx.Err(); err != nil {
			return Directions{}, err
		}
		end := min(start+b.Size, x.Len())
		gradient, err := lossGradient(f, x, labels, start, end, b.Device)
		if err != nil {
			return Directions{}, err
		}
		for i := start; i < end; i++ {
			for k, v := range gradient[(i-start)*len(vector) : (i-start+1)*len(vector)] {
				if vector[k] = float64(v); math.IsNaN(vector[k]) || math.IsInf(vector[k], 0) {
					return Directions{}, fmt.Errorf("the gradient of image %d is not finite", i)
				}
			}
			d.set(i, vector)
		}
		b.report(end, x.Len())
	}
	return d, nil
}

// lossGradient returns the gradients of the cross-entropies of the images start..end-1, each with respect to its own image:
// (end-start,3,H,W).
func lossGradient(f Classifier, x Images, labels []int64, start, end int, device aten.Device) ([]float32, error) {
	scope := aten.NewScope()
	defer scope.Close()
	images := x.tensor(scope, device, start, end)
	images.SetRequiresGrad(true)
	logits := f.Logits(images)
	classes, err := checkLogits(logits, end-start)
	if err == nil {
		err = checkLabels(labels[start:end], end-start, classes) // before CUDA sees them, which a wrong one would crash
	}
	if err == nil && !logits.RequiresGrad() {
		err = errors.New("the classifier's logits carry no gradient; do not cut it off or compute them under NoGrad")
	}
	if err != nil {
		return nil, err
	}
	targets := aten.FromLongs(scope, labels[start:end], end-start).To(device)
	// The sum, not the mean: an image's gradient is the same in every batch.
	aten.Sum(aten.CrossEntropyPerSample(logits.Cast(aten.Double), targets)).Backward()
	gradient, ok := images.Grad()
	if !ok {
		return nil, errors.New("the classifier's logits do not depend on the images")
	}
	return gradient.Floats(), nil
}
