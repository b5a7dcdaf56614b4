package stages

import (
	"transfera/aten"
	"transfera/data"
	"transfera/experiments"
	"transfera/models/detection"
	"transfera/runner/methods"
)

// uploaded is a batch as tensors on the device, in a scope. Its target and baseline are without padding.
type uploaded struct {
	methods.Batch
	Baseline aten.Tensor // undefined where the loader makes none
}

// upload copies a batch to the feed's device. Parts that are one memory become one tensor, unless there is padding.
func upload(s *aten.Scope, feed *aten.Feed, b *data.Batch) uploaded {
	u := uploaded{Batch: methods.Batch{
		Labels: feed.Longs(s, b.Labels, b.N), Objects: targets(b.Objects), Step: b.Step,
		Below: b.Height - b.ValidHeight, Right: b.Width - b.ValidWidth,
	}}
	target := feed.Floats(s, b.Target, b.N, 3, b.Height, b.Width)
	u.Input = target
	if !same(b.Input, b.Target) {
		u.Input = feed.Floats(s, b.Input, b.N, 3, b.InputHeight, b.InputWidth)
	}
	switch {
	case b.Baseline == nil:
	case same(b.Baseline, b.Input):
		u.Baseline = u.Cut(u.Input)
	default:
		u.Baseline = u.Cut(feed.Floats(s, b.Baseline, b.N, 3, b.Height, b.Width))
	}
	u.Target = u.Cut(target)
	return u
}

// newFeed is the feed of a training.
func newFeed(device aten.Device, recipe experiments.Training) *aten.Feed {
	return &aten.Feed{Device: device, ChannelsLast: recipe.ChannelsLast}
}

// UploadOnly is what training.Fit.Upload is for a feed.
func UploadOnly(feed *aten.Feed) func(s *aten.Scope, b *data.Batch) {
	return func(s *aten.Scope, b *data.Batch) { upload(s, feed, b) }
}

func same(a, b []float32) bool { return len(a) > 0 && len(b) > 0 && &a[0] == &b[0] }

// targets are the objects of each image as detectors learn them. Difficult ones are left out, as in the training of
// Ren et al. 2015. Nil stays nil.
func targets(objects [][]data.Object) []detection.Target {
	if objects == nil {
		return nil
	}
	list := make([]detection.Target, len(objects))
	for i := range objects {
		for _, o := range objects[i] {
			if o.Difficult {
				continue
			}
			var box detection.Box
			for k, v := range o.Box {
				box[k] = float32(v)
			}
			list[i].Boxes, list[i].Labels = append(list[i].Boxes, box), append(list[i].Labels, int64(o.Class))
		}
	}
	return list
}
