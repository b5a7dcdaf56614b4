package nn

import "transfera/aten"

// Builder makes layers and registers their tensors under PyTorch's names.
type Builder struct {
	network        *Network
	generator      *aten.Generator // nil: weights stay unset
	prefix         string
	initialization Initialization
	epsilon        float64
	fixed          bool
	fixedNorm      bool
}

const normEpsilon = 1e-5 // PyTorch's default for all normalizations

// WithEpsilon returns a builder whose normalizations add epsilon to the variance, instead of PyTorch's default of 1e-5.
func (b Builder) WithEpsilon(epsilon float64) Builder {
	b.epsilon = epsilon
	return b
}

// In returns a builder whose names begin with name and a dot: a sub-module.
func (b Builder) In(name string) Builder {
	b.prefix += name + "."
	return b
}

// Fixed returns a builder of pretrained layers that stay as they are: their tensors are saved, but not trained.
func (b Builder) Fixed() Builder {
	b.fixed, b.fixedNorm = true, true
	return b
}

// WithFixedNorm returns a builder whose BatchNorms always use their running statistics and train nothing, as torchvision's
// FrozenBatchNorm2d. They have no counter of batches. Training that sees one image at a time needs them.
func (b Builder) WithFixedNorm() Builder {
	b.fixedNorm = true
	return b
}

func (b Builder) register(name string, value aten.Tensor, buffer bool) aten.Tensor {
	buffer = buffer || b.fixed
	if !buffer {
		value.SetRequiresGrad(true)
	}
	b.network.entries = append(b.network.entries, Entry{Name: b.prefix + name, Value: value, Buffer: buffer})
	return value
}

// Parameter registers a trainable tensor of one initial value.
func (b Builder) Parameter(name string, value float64, shape ...int) aten.Tensor {
	return b.register(name, aten.Full(nil, value, shape...), false)
}

// onFreeze registers what Network.Freeze does to a layer.
func (b Builder) onFreeze(fold func()) { b.network.folds = append(b.network.folds, fold) }

// Sequential runs layers one after another and frees what lies between two of them as soon as it is used, unless backward
// still needs it. Its own input stays with the caller.
type Sequential []Layer

// Forward runs the layers.
func (s Sequential) Forward(x aten.Tensor) aten.Tensor {
	return aten.Within(x, func(input aten.Tensor) aten.Tensor {
		x := input
		for _, layer := range s {
			next := layer.Forward(x)
			if x.T != input.T && x.T != next.T { // layers in place return what they were given
				x.Free()
			}
			x = next
		}
		return x
	})
}

// Conv2d is a 2-d convolution with its weight and, perhaps, bias.
type Conv2d struct {
	aten.Convolution
	weight, bias aten.Tensor
}

// ConvOptions are the settings of a convolution beyond its size; the zero value is stride 1, no padding, a bias.
type ConvOptions struct {
	aten.Convolution
	KernelWidth int // of Conv2d, where it is not the kernel's height
	NoBias      bool
}

// Same returns the options that keep the size of an image: stride 1 and padding of half the (odd) kernel.
func Same(kernel int) ConvOptions {
	return ConvOptions{Convolution: aten.Convolution{Padding: kernel / 2}}
}

// WithoutBias returns o without a bias, as before a BatchNorm.
func (o ConvOptions) WithoutBias() ConvOptions {
	o.NoBias = true
	return o
}

// Conv2d adds a convolution of in to out channels. Weight and bias start as the builder's Initialization says.
func (b Builder) Conv2d(name string, in, out, kernel int, o ConvOptions) *Conv2d {
	b = b.In(name)
	in /= max(o.Groups, 1)
	width := kernel
	if o.KernelWidth > 0 {
		width = o.KernelWidth
	}
	fanIn := in * kernel * width
	c := &Conv2d{
		Convolution: o.Convolution,
		weight:      b.weight(b.initialization.Convolution, fanIn, out, in, kernel, width),
	}
	if !o.NoBias {
		c.bias = b.bias(fanIn, out)
	}
	return c
}

// Forward maps (N,in,H,W) to (N,out,H',W').
func (c *Conv2d) Forward(x aten.Tensor) aten.Tensor {
	return aten.Conv2d(x, c.weight, c.bias, c.Convolution)
}

// ConvTranspose2d is a transposed 2-d convolution.
type ConvTranspose2d Conv2d

// ConvTranspose2d adds a transposed convolution of in to out channels. Its initial values are always PyTorch's default, whose
// bound counts the output channels.
func (b Builder) ConvTranspose2d(name string, in, out, kernel int, o ConvOptions) *ConvTranspose2d {
	b = b.In(name).Initialized(Initialization{})
	fanIn := out * kernel * kernel
	c := &ConvTranspose2d{Convolution: o.Convolution, weight: b.weight(nil, fanIn, in, out, kernel, kernel)}
	if !o.NoBias {
		c.bias = b.bias(fanIn, out)
	}
	return c
}

// Forward maps (N,in,H,W) to (N,out,H',W').
func (c *ConvTranspose2d) Forward(x aten.Tensor) aten.Tensor {
	return aten.ConvTranspose2d(x, c.weight, c.bias, c.Convolution)
}

// Linear is a fully connected layer.
type Linear struct{ weight, bias aten.Tensor }

// Linear adds a fully connected layer of in to out features.
func (b Builder) Linear(name string, in, out int) *Linear {
	b = b.In(name)
	return &Linear{weight: b.weight(b.initialization.Linear, in, out, in), bias: b.bias(in, out)}
}

// Forward maps (...,in) to (...,out).
func (l *Linear) Forward(x aten.Tensor) aten.Tensor { return aten.Linear(x, l.weight, l.bias) }

// PReLU is ReLU with a learned slope for negative values.
type PReLU struct{ weight aten.Tensor }

// PReLU adds a PReLU with one shared slope, initially 0.25.
func (b Builder) PReLU(name string) *PReLU {
	return &PReLU{weight: b.In(name).Parameter("weight", 0.25, 1)}
}

// Forward maps any shape to itself.
func (p *PReLU) Forward(x aten.Tensor) aten.Tensor { return aten.PReLU(x, p.weight) }
