package data

import (
	"fmt"
	"runtime/debug"

	"transfera/data/imaging"
)

// prepare fills slot k of a batch. Everything it does depends on the image and, in training, on the epoch alone. A panic
// below it becomes an error, since no caller could recover it in the worker's goroutine.
func (l *Loader) prepare(b *Batch, k int, train bool) (err error) {
	i := b.Indices[k]
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s: preparing the image panicked: %v\n%s", l.dataset.Name(i), r, debug.Stack())
		}
	}()
	original := OriginalIndex(l.dataset, i)
	seed := uint64(original)
	var random *stream
	if train {
		augmentation := newStream("augment", l.options.Seed, uint64(b.Epoch), uint64(original))
		random = &augmentation
		seed = noiseSeed(l.options.Seed, b.Epoch, original)
	}
	target, err := l.target(i, random)
	if err != nil {
		return err
	}
	switch size := target.frame; {
	case l.options.ShortSide > 0:
		l.place(b, l.newBuffers(size), size) // the batch has no other image
	case size != l.frame:
		return fmt.Errorf("%s: image of %dx%d pixels among others of %dx%d; set a crop to make them equal, or short_side to "+
			"take them one by one", l.dataset.Name(i), size.validWidth, size.validHeight, l.frame.validWidth, l.frame.validHeight)
	}
	b.Labels[k] = int64(l.dataset.Label(i))
	if b.Objects != nil {
		b.Objects[k] = target.objects
	}
	target.image.Planar(slot(b.Target, k, b.N))
	if l.degradation == nil {
		return nil
	}
	var baseline []float32
	if b.memory.baseline != nil {
		baseline = slot(b.Baseline, k, b.N)
	}
	if err := l.degradation.Degrade(target.image, seed, slot(b.Input, k, b.N), baseline); err != nil {
		return fmt.Errorf("%s: degrade with %s: %w", l.dataset.Name(i), l.degradation.Name(), err)
	}
	return nil
}

// target is a picture as batches hold it, and the objects in it.
type target struct {
	frame   frame
	image   *imaging.Image // padded
	objects []Object
}

// target reads image i, resizes, augments and pads it.
func (l *Loader) target(i int, random *stream) (*target, error) {
	original, err := l.dataset.Image(i)
	if err != nil {
		return nil, err
	}
	image, err := l.resized(original)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", l.dataset.Name(i), err)
	}
	objects, _ := ObjectsOf(l.dataset, i)
	objects = stretched(objects, original, image)
	if image, err = l.augmented(image, objects, random); err != nil {
		return nil, fmt.Errorf("%s: %w", l.dataset.Name(i), err)
	}
	multiple := l.options.Multiple
	return &target{frameOf(image.Width, image.Height, multiple), padded(image, multiple), objects}, nil
}

// Prepared is a picture as Eval shows it to a recognizer: resized and cropped as the options say. Options of degradations,
// batches and augmentation change nothing.
func Prepared(image *imaging.Image, options LoaderOptions) (*imaging.Image, error) {
	l := &Loader{options: options}
	image, err := l.resized(image)
	if err != nil {
		return nil, err
	}
	return l.augmented(image, nil, nil)
}

// resized brings an image to the size that is asked for.
func (l *Loader) resized(image *imaging.Image) (*imaging.Image, error) {
	switch o := l.options; {
	case o.ShortSide > 0:
		return fit(image, o.ShortSide, o.LongSide)
	case o.Resize > 0:
		return image.ResizeShorter(o.Resize, imaging.Bilinear)
	}
	return image, nil
}

// augmented crops, shifts and flips an image, and flips its objects. random is nil in evaluation; in training it decides,
// in this order, where to crop (x, then y), how far to shift (x, then y), and whether to flip.
func (l *Loader) augmented(image *imaging.Image, objects []Object, random *stream) (*imaging.Image, error) {
	if side := l.options.Crop; side > 0 {
		if image.Width < side || image.Height < side { // CenterCrop would pad
			return nil, fmt.Errorf("image of %dx%d pixels is too small for a crop of %d; set resize or a smaller crop",
				image.Width, image.Height, side)
		}
		var err error
		if image, err = crop(image, side, random); err != nil {
			return nil, err
		}
	}
	if random == nil {
		return image, nil
	}
	if d := l.options.Shift; d > 0 {
		x := random.below(2*d+1) - d
		y := random.below(2*d+1) - d
		image = shifted(image, x, y)
	}
	if l.options.Flip && random.below(2) == 1 {
		image = image.FlipHorizontal()
		mirror(objects, image.Width)
	}
	return image, nil
}

// crop cuts a square out of an image that is large enough, from the centre if random is nil.
func crop(image *imaging.Image, side int, random *stream) (*imaging.Image, error) {
	if random == nil {
		return image.CenterCrop(side, side), nil
	}
	x := random.below(image.Width - side + 1)
	y := random.below(image.Height - side + 1)
	return image.Crop(x, y, side, side)
}

// shifted moves the picture dx pixels to the right and dy down, and fills with black.
func shifted(image *imaging.Image, dx, dy int) *imaging.Image {
	result := imaging.New(image.Width, image.Height)
	from, to := max(0, dx), min(image.Width, image.Width+dx)
	for y := max(0, dy); y < min(image.Height, image.Height+dy); y++ {
		if from < to {
			row, source := y*image.Width, (y-dy)*image.Width
			copy(result.Pix[3*(row+from):3*(row+to)], image.Pix[3*(source+from-dx):])
		}
	}
	return result
}
