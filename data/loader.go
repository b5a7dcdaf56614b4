package data

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"sync"
)

// LoaderOptions configures NewLoader. Only Batch has no default.
type LoaderOptions struct {
	Batch    int // images per batch
	Workers  int // goroutines that prepare images; 0 means one per core. Batches do not depend on it
	Prefetch int // batches prepared ahead of the consumer, which bounds memory; 0 means 4

	Seed     uint64 // of the order, the augmentation and the noise in Train
	Shuffle  bool   // Train visits the images in a new random order each epoch, not in the dataset's
	DropLast bool   // Train leaves out the last batch of an epoch if it is smaller; otherwise it is used, as in PyTorch

	Resize int  // length of the shorter side after Pillow's bilinear filter; 0 keeps the image's size
	Crop   int  // side of the square cut out, at random in Train and from the centre in Eval; 0 cuts nothing
	Flip   bool // Train mirrors half of the images left to right
	Shift  int  // Train moves images by up to this many pixels per axis and fills with black (pad, then random crop)

	// ShortSide is for images of different sizes, in batches of one: the length of the shorter side after Pillow's bilinear
	// filter, or less where the longer one would exceed LongSide. The side that decides is exact, and the other one is
	// rounded to the nearest pixel, halves up. 0 is for images of one size.
	ShortSide int
	LongSide  int // most pixels of the longer side; 0 for any number
	// Multiple is what the sides of targets are made multiples of, by repeating the last column and row before degrading;
	// 0 means 1. A degradation's scale must divide it if ShortSide is set. Noise is drawn for the padded picture, so it
	// differs between multiples wherever they pad differently.
	Multiple int

	Baseline bool // fill Batch.Baseline

	// Rank of Ranks processes this is, which divide the work: in Train each has its part of every batch, in Eval each has the
	// batches whose number leaves Rank when divided by Ranks. 0 of 0 is one process, with all of it.
	Rank, Ranks int
}

// Loader prepares batches of a dataset, degraded or not, in parallel and ahead of time. Its batches are pure functions of
// the dataset, the options and the step. A loader may serve several iterations, also at once. The boxes of a detection
// dataset are resized and flipped with their images.
type Loader struct {
	dataset     Dataset
	degradation Degradation // nil: the input is the target
	options     LoaderOptions
	frame       frame // of every target, unless ShortSide is set
	buffers     sync.Pool
}

// NewLoader prepares nothing yet, except that without a crop or ShortSide it decodes the first image, whose size every
// other one must share. degradation may be nil for loaders that train or test recognizers: their Batch.Input is Batch.Target.
func NewLoader(dataset Dataset, degradation Degradation, options LoaderOptions) (*Loader, error) {
	if err := options.check(dataset.Len()); err != nil {
		return nil, err
	}
	if IsDetection(dataset) && (options.Crop > 0 || options.Shift > 0) {
		return nil, fmt.Errorf("crop and shift would cut objects to detect; set resize, or short_side for images of different sizes")
	}
	if options.Workers == 0 {
		options.Workers = runtime.NumCPU()
	}
	if options.Prefetch == 0 {
		options.Prefetch = 4
	}
	options.Multiple = max(options.Multiple, 1)
	options.Ranks = max(options.Ranks, 1)
	l := &Loader{dataset: dataset, degradation: degradation, options: options}
	l.buffers.New = func() any { return l.newBuffers(l.frame) }
	if err := l.frameAll(); err != nil {
		return nil, err
	}
	return l, nil
}

// frameAll finds the frame that all targets share, and checks that targets can be degraded.
func (l *Loader) frameAll() error {
	switch o := l.options; {
	case o.ShortSide > 0:
		if d := l.degradation; d != nil && o.Multiple%d.Scale() != 0 {
			return fmt.Errorf("%s x%d needs sides divisible by %d, which images of different sizes are not; set multiple to %d",
				d.Name(), d.Scale(), d.Scale(), roundUp(o.Multiple, d.Scale()))
		}
		return nil
	case o.Crop > 0:
		l.frame = frameOf(o.Crop, o.Crop, o.Multiple)
	default:
		first, err := l.target(0, nil)
		if err != nil {
			return err
		}
		l.frame = first.frame
	}
	if l.degradation != nil {
		return checkDivisible(l.degradation, l.frame.width, l.frame.height)
	}
	return nil
}

func (o LoaderOptions) check(images int) error {
	switch {
	case images == 0:
		return fmt.Errorf("the dataset has no images to load")
	case o.Batch < 1:
		return fmt.Errorf("batch must be at least 1, not %d", o.Batch)
	case o.Workers < 0 || o.Prefetch < 0 || o.Resize < 0 || o.Crop < 0 || o.Shift < 0:
		return fmt.Errorf("workers, prefetch, resize, crop and shift cannot be negative")
	case o.ShortSide < 0 || o.LongSide < 0 || o.Multiple < 0:
		return fmt.Errorf("short_side, long_side and multiple cannot be negative")
	case o.ShortSide == 0 && o.LongSide > 0:
		return fmt.Errorf("long_side bounds what short_side asks for; set both")
	case o.ShortSide > 0 && (o.Resize > 0 || o.Crop > 0 || o.Shift > 0):
		return fmt.Errorf("short_side leaves images of different sizes; it excludes resize, crop and shift")
	case o.ShortSide > 0 && o.Batch != 1:
		return fmt.Errorf("short_side leaves images of different sizes, which a batch of %d cannot hold; set batch to 1", o.Batch)
	case o.Resize > 0 && o.Crop > o.Resize:
		return fmt.Errorf("a crop of %d does not fit images resized to %d", o.Crop, o.Resize)
	case o.Rank < 0 || o.Rank >= max(o.Ranks, 1):
		return fmt.Errorf("there is no rank %d of %d", o.Rank, o.Ranks)
	case o.DropLast && o.Batch > images:
		return fmt.Errorf("batches of %d with the last one dropped leave nothing of %d images", o.Batch, images)
	}
	return nil
}

// StepsPerEpoch is the number of training steps in which each image is seen once.
func (l *Loader) StepsPerEpoch() int {
	if l.options.DropLast {
		return l.dataset.Len() / l.options.Batch
	}
	return l.EvalSteps()
}

// EvalSteps is the number of batches of Eval.
func (l *Loader) EvalSteps() int { return (l.dataset.Len() + l.options.Batch - 1) / l.options.Batch }

// Train yields the batches of the training steps from..to-1, counted from 0 over all epochs. Each is the same whatever
// step the iteration began with, so a resumed run passes the first step that it has not done. After an error, which names
// the image, or when ctx ends, it yields nil with the error and stops. It leaves no goroutine behind when it ends or is
// left.
func (l *Loader) Train(ctx context.Context, from, to int) iter.Seq2[*Batch, error] {
	if from < 0 {
		return func(yield func(*Batch, error) bool) { yield(nil, fmt.Errorf("training cannot start at step %d", from)) }
	}
	return l.prefetch(ctx, func(yield func(assignment) bool) {
		perEpoch := l.StepsPerEpoch()
		var order []int
		for step := from; step < to; step++ {
			epoch := step / perEpoch
			if order == nil || step%perEpoch == 0 {
				order = l.order(epoch)
			}
			start := step % perEpoch * l.options.Batch
			a := l.part(order[start:min(start+l.options.Batch, len(order))])
			a.step, a.epoch, a.train = step, epoch, true
			if !yield(a) {
				return
			}
		}
	})
}

// part is what this process has of a batch. Where there are fewer images than processes, those without one are idle, with an
// image that others have.
func (l *Loader) part(batch []int) assignment {
	n, rank, ranks := len(batch), l.options.Rank, l.options.Ranks
	from, to := n*rank/ranks, n*(rank+1)/ranks
	a := assignment{before: from, whole: n}
	if from == to {
		a.before, a.idle, from, to = 0, true, 0, 1
	}
	a.indices = slices.Clone(batch[from:to])
	return a
}

// Eval yields every image once, in the dataset's order, without augmentation. Noise is seeded with the image's
// OriginalIndex. Errors, ctx and goroutines are as in Train.
func (l *Loader) Eval(ctx context.Context) iter.Seq2[*Batch, error] {
	return l.prefetch(ctx, func(yield func(assignment) bool) {
		for step := l.options.Rank; step < l.EvalSteps(); step += l.options.Ranks {
			var indices []int
			for i := step * l.options.Batch; i < min((step+1)*l.options.Batch, l.dataset.Len()); i++ {
				indices = append(indices, i)
			}
			if !yield(assignment{step: step, indices: indices, whole: len(indices)}) {
				return
			}
		}
	})
}

// order is the sequence of images in an epoch: the permutation drawn from the stream "order" with (Seed, epoch).
func (l *Loader) order(epoch int) []int {
	if l.options.Shuffle {
		return newStream("order", l.options.Seed, uint64(epoch)).permutation(l.dataset.Len())
	}
	order := make([]int, l.dataset.Len())
	for i := range order {
		order[i] = i
	}
	return order
}
