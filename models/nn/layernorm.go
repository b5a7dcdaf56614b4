package nn

import "transfera/aten"

// LayerNorm normalizes the last dimension of every position by itself, in training as in evaluation.
type LayerNorm struct {
	weight, bias aten.Tensor
	epsilon      float64
}

// LayerNorm adds a layer normalization of so many channels.
func (b Builder) LayerNorm(name string, channels int) *LayerNorm {
	b = b.In(name)
	return &LayerNorm{weight: b.Parameter("weight", 1, channels), bias: b.Parameter("bias", 0, channels), epsilon: b.epsilon}
}

// Forward maps (...,channels) to itself.
func (n *LayerNorm) Forward(x aten.Tensor) aten.Tensor {
	return aten.LayerNorm(x, n.weight, n.bias, n.epsilon)
}
