package stages

import (
	"transfera/aten"
	"transfera/data"
	"transfera/runner/methods"
)

// uploaded is a batch as tensors on the device, in a scope.
type uploaded struct {
	methods.Batch
	Baseline aten.Tensor // undefined where the loader makes none
}

// upload copies a batch to the device. Parts that are one memory become one tensor.
func upload(s *aten.Scope, device aten.Device, b *data.Batch) uploaded {
	var u uploaded
	u.Target = aten.FromFloats(s, b.Target, b.N, 3, b.Height, b.Width).To(device)
	u.Labels = aten.FromLongs(s, b.Labels, b.N).To(device)
	u.Input = u.Target
	if !same(b.Input, b.Target) {
		u.Input = aten.FromFloats(s, b.Input, b.N, 3, b.InputHeight, b.InputWidth).To(device)
	}
	switch {
	case b.Baseline == nil:
	case same(b.Baseline, b.Input):
		u.Baseline = u.Input
	default:
		u.Baseline = aten.FromFloats(s, b.Baseline, b.N, 3, b.Height, b.Width).To(device)
	}
	return u
}

func same(a, b []float32) bool { return len(a) > 0 && len(b) > 0 && &a[0] == &b[0] }
