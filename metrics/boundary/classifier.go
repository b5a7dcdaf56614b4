package boundary

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"

	"transfera/aten"
)

// Classifier is a network under comparison. It must treat the images of a batch independently, as networks in eval mode do.
type Classifier interface {
	// Logits maps images (N,3,H,W), float32 with pixels in [0,1] or beyond, unnormalized, to logits (N,classes). It
	// normalizes the images itself and must neither change nor keep them, whose memory is used again. Its operators must be differentiable where a gradient is asked
	// for; its weights should not require one.
	Logits(images aten.Tensor) aten.Tensor
}

// ClassifierFunc makes a Classifier of a function.
type ClassifierFunc func(images aten.Tensor) aten.Tensor

// Logits calls f.
func (f ClassifierFunc) Logits(images aten.Tensor) aten.Tensor { return f(images) }

// Batches says how images are put through classifiers.
type Batches struct {
	// Size is how many images a classifier gets at once, at most; at least 1.
	Size int
	// Device is where the classifiers are. The zero value is the CPU.
	Device aten.Device
	// Progress, where it is not nil, is called from the caller's goroutine after each batch with how much of the work is
	// done; each function says in what unit.
	Progress func(done, total int)
}

func (b Batches) check() error {
	if b.Size < 1 {
		return fmt.Errorf("batches of %d images: the size must be at least 1", b.Size)
	}
	return nil
}

func (b Batches) report(done, total int) {
	if b.Progress != nil {
		b.Progress(done, total)
	}
}

// Predict returns the label that f gives each image. Progress counts images.
func Predict(ctx context.Context, f Classifier, x Images, b Batches) ([]int64, error) {
	labels, _, err := predictAll(ctx, f, x, b)
	if err != nil {
		return nil, fmt.Errorf("predict: %w", err)
	}
	return labels, nil
}

func predictAll(ctx context.Context, f Classifier, x Images, b Batches) (labels []int64, classes int, err error) {
	if err := cmp.Or(x.check(), b.check()); err != nil {
		return nil, 0, err
	}
	for start := 0; start < x.Len(); start += b.Size {
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		end := min(start+b.Size, x.Len())
		scope := aten.NewScope()
		some, n, err := predict(f, x.tensor(scope, b.Device, start, end))
		scope.Close()
		if err != nil {
			return nil, 0, err
		}
		labels, classes = append(labels, some...), n
		b.report(end, x.Len())
	}
	return labels, classes, nil
}

// predict returns the labels of one batch (N,3,H,W), and how many classes f knows. What f makes is freed.
func predict(f Classifier, images aten.Tensor) (labels []int64, classes int, err error) {
	aten.NoGrad(func() {
		logits := aten.Within(images, f.Logits)
		if classes, err = checkLogits(logits, images.Dim(0)); err != nil {
			return
		}
		defer logits.Free()
		if logits.Type() == aten.Double {
			labels, err = argmax(logits.Doubles(), classes)
		} else {
			labels, err = argmax(logits.Floats(), classes)
		}
	})
	return labels, classes, err
}

func checkLogits(logits aten.Tensor, images int) (classes int, err error) {
	if !logits.Defined() {
		return 0, errors.New("the classifier returned no logits")
	}
	shape := logits.Shape()
	if len(shape) != 2 || shape[0] != images || shape[1] == 0 {
		return 0, fmt.Errorf("the classifier made logits of shape %v from %d images; expected (%d,classes)", shape, images, images)
	}
	return shape[1], nil
}

// argmax returns the class of the highest logit of each row, of equal ones the lowest.
func argmax[E float32 | float64](logits []E, classes int) ([]int64, error) {
	labels := make([]int64, len(logits)/classes)
	for i := range labels {
		row := logits[i*classes : (i+1)*classes]
		best := 0
		for class, logit := range row {
			if math.IsNaN(float64(logit)) || math.IsInf(float64(logit), 0) {
				return nil, fmt.Errorf("logit of class %d for image %d in the batch is %v; expected finite values", class, i, logit)
			}
			if logit > row[best] {
				best = class
			}
		}
		labels[i] = int64(best)
	}
	return labels, nil
}

// checkLabels tells whether there is one label of 0..classes-1 for each of n images; classes 0 stands for any number.
func checkLabels(labels []int64, n, classes int) error {
	if len(labels) != n {
		return fmt.Errorf("%d labels do not match %d images", len(labels), n)
	}
	for i, label := range labels {
		if label < 0 {
			return fmt.Errorf("label %d of image %d is negative", label, i)
		}
		if classes > 0 && label >= int64(classes) {
			return fmt.Errorf("label %d of image %d is outside the classifier's classes 0..%d; was it made for this dataset?", label, i, classes-1)
		}
	}
	return nil
}
