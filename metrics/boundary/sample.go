package boundary

import (
	"context"
	"errors"
	"fmt"

	"transfera/metrics/statistics"
)

// Source gives images of a dataset, by their places in it, with their labels.
type Source func(places []int) (x Images, labels []int64, err error)

// Sample is the fixed set of images that classifiers are compared on: all of them classify each one correctly.
type Sample struct {
	Images
	// Places are the images' places in the dataset, in the order in which they were drawn.
	Places []int
	// Labels are the true classes, which every classifier predicts.
	Labels []int64
	// LookedAt is how many images were tried, Dropped how many of them some classifier got wrong.
	LookedAt, Dropped int
	// Warnings say so where the dataset had fewer such images than wanted.
	Warnings []statistics.Warning
}

// Draw looks at the images 0..size-1 of a dataset in a seeded random order and keeps the first ones that all classifiers
// classify correctly, as many as wanted. None at all is an error, fewer than wanted a warning of the sample. Progress counts
// kept images.
func Draw(ctx context.Context, source Source, size, wanted int, seed uint64, classifiers []Classifier, b Batches) (*Sample, error) {
	sample, err := draw(ctx, source, size, wanted, seed, classifiers, b)
	if err != nil {
		return nil, fmt.Errorf("draw a sample: %w", err)
	}
	return sample, nil
}

func draw(ctx context.Context, source Source, size, wanted int, seed uint64, classifiers []Classifier, b Batches) (*Sample, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	if size < 1 || wanted < 1 || len(classifiers) == 0 {
		return nil, fmt.Errorf("%d images of a dataset of %d for %d classifiers; all must be at least 1", wanted, size, len(classifiers))
	}
	sample := &Sample{}
	order := stream(seed, "sample").Perm(size)
	for len(order) > 0 && len(sample.Places) < wanted {
		places := order[:min(b.Size, len(order))]
		order = order[len(places):]
		x, labels, err := source(places)
		if err != nil {
			return nil, err
		}
		if x.Len() != len(places) {
			return nil, fmt.Errorf("the source gave %d images for %d places", x.Len(), len(places))
		}
		correct, err := correctByAll(ctx, classifiers, x, labels, b)
		if err != nil {
			return nil, err
		}
		if err := sample.keep(places, x, labels, correct, wanted); err != nil {
			return nil, err
		}
		b.report(len(sample.Places), wanted)
	}
	if len(sample.Places) == 0 {
		return nil, errors.New("no image is classified correctly by all classifiers; were they trained on this dataset?")
	}
	if got := len(sample.Places); got < wanted {
		sample.Warnings = append(sample.Warnings, statistics.Warning{Code: statistics.CodeFewImages, Text: fmt.Sprintf(
			"only %d of the dataset's %d images are classified correctly by all classifiers, %d were wanted", got, size, wanted)})
	}
	return sample, nil
}

// keep takes the correct images over until there are as many as wanted; it looks at none beyond, whatever the batch holds.
func (s *Sample) keep(places []int, x Images, labels []int64, correct []bool, wanted int) error {
	if s.LookedAt == 0 {
		s.Height, s.Width = x.Height, x.Width
	}
	if x.Height != s.Height || x.Width != s.Width {
		return fmt.Errorf("images of %dx%d and of %dx%d in one dataset; expected one size", s.Height, s.Width, x.Height, x.Width)
	}
	for i, place := range places {
		if len(s.Places) == wanted {
			break
		}
		s.LookedAt++
		if !correct[i] {
			s.Dropped++
			continue
		}
		s.Places = append(s.Places, place)
		s.Labels = append(s.Labels, labels[i])
		s.Pixels = append(s.Pixels, x.At(i)...)
	}
	return nil
}

// correctByAll tells which images every classifier gives their label.
func correctByAll(ctx context.Context, classifiers []Classifier, x Images, labels []int64, b Batches) ([]bool, error) {
	b.Progress = nil // the caller counts what is kept
	correct := make([]bool, x.Len())
	for i := range correct {
		correct[i] = true
	}
	for k, f := range classifiers {
		predicted, classes, err := predictAll(ctx, f, x, b)
		if err == nil {
			err = checkLabels(labels, x.Len(), classes)
		}
		if err != nil {
			return nil, fmt.Errorf("classifier %d: %w", k, err)
		}
		for i := range correct {
			correct[i] = correct[i] && predicted[i] == labels[i]
		}
	}
	return correct, nil
}
