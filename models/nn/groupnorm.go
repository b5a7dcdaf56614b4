package nn

import "transfera/aten"

// GroupNorm normalizes groups of channels of each image by themselves, in training as in evaluation, and so at any batch size.
type GroupNorm struct {
	weight, bias aten.Tensor
	groups       int
	epsilon      float64
}

// GroupNorm adds a group normalization of so many channels, a multiple of groups.
func (b Builder) GroupNorm(name string, groups, channels int) *GroupNorm {
	b = b.In(name)
	return &GroupNorm{
		weight: b.Parameter("weight", 1, channels), bias: b.Parameter("bias", 0, channels), groups: groups, epsilon: b.epsilon,
	}
}

// Forward maps (N,channels,H,W) to itself.
func (n *GroupNorm) Forward(x aten.Tensor) aten.Tensor {
	return aten.GroupNorm(x, n.groups, n.weight, n.bias, n.epsilon)
}
