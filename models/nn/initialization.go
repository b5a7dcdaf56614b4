package nn

import (
	"math"

	"transfera/aten"
)

// Initialization says how convolutions and linear layers start. The zero value is PyTorch's default: weights and biases
// uniform within 1/sqrt(fan in), where the fan in is the number of inputs of one output.
type Initialization struct {
	Convolution, Linear Spread // nil is the default
	Uniform             bool   // with these deviations, but uniform, as by PyTorch's kaiming_uniform_
	ZeroBias            bool
}

// Spread is the standard deviation around 0 of what a weight is drawn from, a normal distribution unless Uniform is set. shape is that of a
// weight: outputs, inputs per group and, for a convolution, the kernel's height and width.
type Spread func(shape []int) float64

// FanIn keeps the variance of activations through a ReLU: sqrt(2 / fan in) (He et al. 2015).
func FanIn(shape []int) float64 {
	fan := 1
	for _, d := range shape[1:] {
		fan *= d
	}
	return math.Sqrt(2 / float64(fan))
}

// FanOut keeps the variance of gradients instead: sqrt(2 / fan out). As in PyTorch, the fan out of a grouped convolution
// counts the outputs of all groups.
func FanOut(shape []int) float64 {
	return FanIn(shape) * math.Sqrt(float64(shape[1])/float64(shape[0]))
}

// Normal is one standard deviation for every shape. It also serves where PyTorch truncates at 2, far more than any deviation
// used with it.
func Normal(deviation float64) Spread { return func([]int) float64 { return deviation } }

// Initialized returns a builder whose layers start as i says.
func (b Builder) Initialized(i Initialization) Builder {
	b.initialization = i
	return b
}

func (b Builder) weight(spread Spread, fanIn int, shape ...int) aten.Tensor {
	if spread == nil {
		return b.uniform("weight", 1/math.Sqrt(float64(fanIn)), shape...)
	}
	if b.initialization.Uniform {
		return b.uniform("weight", math.Sqrt(3)*spread(shape), shape...)
	}
	value := aten.Empty(nil, shape...)
	if b.generator != nil {
		b.generator.NormalInto(value, 0, spread(shape))
	}
	return b.register("weight", value, false)
}

func (b Builder) bias(fanIn, out int) aten.Tensor {
	if b.initialization.ZeroBias {
		return b.Parameter("bias", 0, out)
	}
	return b.uniform("bias", 1/math.Sqrt(float64(fanIn)), out)
}

func (b Builder) uniform(name string, bound float64, shape ...int) aten.Tensor {
	value := aten.Empty(nil, shape...)
	if b.generator != nil {
		b.generator.Uniform(value, -bound, bound)
	}
	return b.register(name, value, false)
}
