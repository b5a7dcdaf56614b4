package nn

import "transfera/aten"

const batchNormMomentum = 0.1 // PyTorch's default

// BatchNorm2d normalizes per channel: by the batch's statistics in training, by the running ones otherwise.
type BatchNorm2d struct {
	weight, bias, mean, variance, batches aten.Tensor
	epsilon                               float64
	mode                                  *mode
}

// BatchNorm2d adds a batch normalization of so many channels.
func (b Builder) BatchNorm2d(name string, channels int) *BatchNorm2d {
	statistics := b.network.mode
	b = b.In(name)
	if b.fixedNorm {
		b, statistics = b.Fixed(), &mode{}
	}
	n := &BatchNorm2d{
		weight:   b.Parameter("weight", 1, channels),
		bias:     b.Parameter("bias", 0, channels),
		mean:     b.register("running_mean", aten.Full(nil, 0, channels), true),
		variance: b.register("running_var", aten.Full(nil, 1, channels), true),
		epsilon:  b.epsilon,
		mode:     statistics,
	}
	if !b.fixedNorm {
		n.batches = b.register("num_batches_tracked", aten.FromLongs(nil, []int64{0}), true)
	}
	return n
}

// Forward maps (N,channels,H,W) to itself.
func (n *BatchNorm2d) Forward(x aten.Tensor) aten.Tensor {
	if n.mode.training {
		aten.AddInPlace(n.batches, oneLong())
		if s := n.mode.share; s != nil && s.Group != nil {
			return s.Group.SyncBatchNorm(x, n.mean, n.variance, n.weight, n.bias, batchNormMomentum, n.epsilon, s.Idle)
		}
	}
	return aten.BatchNorm(x, n.mean, n.variance, n.weight, n.bias, n.mode.training, batchNormMomentum, n.epsilon)
}

func oneLong() aten.Tensor { return aten.FromLongs(nil, []int64{1}) }

// ConvBN is a convolution followed by its BatchNorm. Network.Freeze folds the two into one convolution, which is exact up to
// rounding because a frozen BatchNorm is an affine map per channel.
type ConvBN struct {
	conv   *Conv2d
	norm   *BatchNorm2d
	folded bool
}

// ConvBN adds a bias-free or biased convolution and its BatchNorm, under two names.
func (b Builder) ConvBN(conv, norm string, in, out, kernel int, o ConvOptions) *ConvBN {
	c := &ConvBN{conv: b.Conv2d(conv, in, out, kernel, o), norm: b.BatchNorm2d(norm, out)}
	b.onFreeze(c.fold)
	return c
}

// Forward maps (N,in,H,W) to (N,out,H',W').
func (c *ConvBN) Forward(x aten.Tensor) aten.Tensor {
	if c.folded {
		return c.conv.Forward(x)
	}
	y := c.conv.Forward(x)
	z := c.norm.Forward(y)
	y.Free()
	return z
}

func (c *ConvBN) fold() {
	scale := aten.Mul(c.norm.weight, aten.RSqrt(aten.AddScalar(c.norm.variance, c.norm.epsilon)))
	channels := scale.Dim(0)
	shift := aten.Sub(c.norm.bias, aten.Mul(c.norm.mean, scale))
	if c.conv.bias.Defined() {
		shift = aten.Add(shift, aten.Mul(c.conv.bias, scale))
	}
	c.conv.weight = aten.Mul(c.conv.weight, aten.Reshape(scale, channels, 1, 1, 1))
	c.conv.bias = shift
	c.folded = true
}
