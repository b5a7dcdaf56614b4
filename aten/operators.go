package aten

// #include "native/transfera.h"
import "C"

import (
	torch "github.com/wangkuiyi/gotorch"
	functional "github.com/wangkuiyi/gotorch/nn/functional"
)

// Add returns a + b, with broadcasting.
func Add(a, b Tensor) Tensor {
	return adopt(scopeOf(a, b), "add", func() torch.Tensor { return torch.Add(a.Tensor, b.Tensor, 1) })
}

// Sub returns a - b, with broadcasting.
func Sub(a, b Tensor) Tensor {
	return adopt(scopeOf(a, b), "sub", func() torch.Tensor { return torch.Sub(a.Tensor, b.Tensor, 1) })
}

// Mul returns the elementwise product a * b, with broadcasting.
func Mul(a, b Tensor) Tensor {
	return adopt(scopeOf(a, b), "mul", func() torch.Tensor { return torch.Mul(a.Tensor, b.Tensor) })
}

// Div returns the elementwise quotient a / b, with broadcasting.
func Div(a, b Tensor) Tensor {
	return adopt(scopeOf(a, b), "div", func() torch.Tensor { return torch.Div(a.Tensor, b.Tensor) })
}

// AddScalar returns a + b.
func AddScalar(a Tensor, b float64) Tensor {
	return produce("add", []Tensor{a}, func(out *C.tfa_tensor) C.tfa_error {
		return C.tfa_add_scalar(a.handle(), C.double(b), out)
	})
}

// MulScalar returns a * b.
func MulScalar(a Tensor, b float64) Tensor {
	return produce("mul", []Tensor{a}, func(out *C.tfa_tensor) C.tfa_error {
		return C.tfa_mul_scalar(a.handle(), C.double(b), out)
	})
}

// Pow returns every element of a to the power of exponent.
func Pow(a Tensor, exponent float64) Tensor {
	return produce("pow", []Tensor{a}, func(out *C.tfa_tensor) C.tfa_error {
		return C.tfa_pow(a.handle(), C.double(exponent), out)
	})
}

// Log10 returns the decimal logarithm of every element.
func Log10(a Tensor) Tensor {
	return produce("log10", []Tensor{a}, func(out *C.tfa_tensor) C.tfa_error { return C.tfa_log10(a.handle(), out) })
}

// RSqrt returns 1 / sqrt(a).
func RSqrt(a Tensor) Tensor {
	return produce("rsqrt", []Tensor{a}, func(out *C.tfa_tensor) C.tfa_error { return C.tfa_rsqrt(a.handle(), out) })
}

// Mean averages over the given dimensions, which disappear; over everything when none is given.
func Mean(a Tensor, dims ...int) Tensor {
	d, n := int64s(wide(dims))
	return produce("mean", []Tensor{a}, func(out *C.tfa_tensor) C.tfa_error {
		return C.tfa_mean(a.handle(), d, n, 0, out)
	})
}

// Sum adds up over the given dimensions, which disappear; over everything when none is given.
func Sum(a Tensor, dims ...int) Tensor {
	d, n := int64s(wide(dims))
	return produce("sum", []Tensor{a}, func(out *C.tfa_tensor) C.tfa_error {
		return C.tfa_sum(a.handle(), d, n, 0, out)
	})
}

// ReLU returns max(a, 0).
func ReLU(a Tensor) Tensor {
	return adopt(a.scope, "relu", func() torch.Tensor { return torch.Relu(a.Tensor) })
}

// ReLUInPlace overwrites a with max(a, 0) and returns it. a must not be a leaf, and nothing else may need its old values.
func ReLUInPlace(a Tensor) Tensor {
	check("relu_", C.tfa_relu_(a.handle()), a)
	return a
}

// ReLU6InPlace overwrites a with min(max(a, 0), 6) and returns it, under the conditions of ReLUInPlace.
func ReLU6InPlace(a Tensor) Tensor {
	check("relu6_", C.tfa_relu6_(a.handle()), a)
	return a
}

// GELU returns a times the standard normal distribution function of a, exactly (Hendrycks and Gimpel 2016).
func GELU(a Tensor) Tensor {
	return produce("gelu", []Tensor{a}, func(out *C.tfa_tensor) C.tfa_error { return C.tfa_gelu(a.handle(), out) })
}

// AddInPlace overwrites a with a + b and returns it. a must not be a leaf that requires a gradient.
func AddInPlace(a, b Tensor) Tensor {
	check("add_", C.tfa_add_(a.handle(), b.handle()), a, b)
	return a
}

// PReLU returns a where a > 0 and weight * a elsewhere; weight has one element or one per channel.
func PReLU(a, weight Tensor) Tensor {
	return produce("prelu", []Tensor{a, weight}, func(out *C.tfa_tensor) C.tfa_error {
		return C.tfa_prelu(a.handle(), weight.handle(), out)
	})
}

// Tanh returns the hyperbolic tangent of every element.
func Tanh(a Tensor) Tensor {
	return adopt(a.scope, "tanh", func() torch.Tensor { return torch.Tanh(a.Tensor) })
}

// Sigmoid returns 1 / (1 + exp(-a)).
func Sigmoid(a Tensor) Tensor {
	return adopt(a.scope, "sigmoid", func() torch.Tensor { return torch.Sigmoid(a.Tensor) })
}

// Softmax normalizes exp(a) to sum 1 along dim.
func Softmax(a Tensor, dim int) Tensor {
	return produce("softmax", []Tensor{a}, func(out *C.tfa_tensor) C.tfa_error {
		return C.tfa_softmax(a.handle(), C.int64_t(dim), out)
	})
}

// LogSoftmax returns the logarithm of Softmax, computed stably.
func LogSoftmax(a Tensor, dim int) Tensor {
	return adopt(a.scope, "log_softmax", func() torch.Tensor { return torch.LogSoftmax(a.Tensor, int64(dim)) })
}

// LayerNorm normalizes a (...,C) over its last dimension, then multiplies by weight (C) and adds bias (C).
func LayerNorm(a, weight, bias Tensor, epsilon float64) Tensor {
	return produce("layer_norm", []Tensor{a, weight, bias}, func(out *C.tfa_tensor) C.tfa_error {
		return C.tfa_layer_norm(a.handle(), weight.handle(), bias.handle(), C.double(epsilon), out)
	})
}

// GroupNorm normalizes a (N,C,H,W) over the channels of each of so many groups and all positions, then multiplies by weight
// (C) and adds bias (C) (Wu and He 2018).
func GroupNorm(a Tensor, groups int, weight, bias Tensor, epsilon float64) Tensor {
	return produce("group_norm", []Tensor{a, weight, bias}, func(out *C.tfa_tensor) C.tfa_error {
		return C.tfa_group_norm(a.handle(), C.int64_t(groups), weight.handle(), bias.handle(), C.double(epsilon), out)
	})
}

// Take returns the elements of a at int64 indices into its row-major order, in the shape of indices, which may be on the CPU
// while a is not.
func Take(a, indices Tensor) Tensor {
	return produce("take", []Tensor{a, indices}, func(out *C.tfa_tensor) C.tfa_error {
		return C.tfa_take(a.handle(), indices.handle(), out)
	})
}

// MSELoss returns the mean squared error over all elements; the shapes must be equal.
func MSELoss(a, b Tensor) Tensor {
	return produce("mse_loss", []Tensor{a, b}, func(out *C.tfa_tensor) C.tfa_error {
		return C.tfa_mse_loss(a.handle(), b.handle(), out)
	})
}

// CrossEntropy returns the mean over the batch of -log softmax(logits)[label]; logits (N,classes), labels (N) int64.
func CrossEntropy(logits, labels Tensor) Tensor { return crossEntropy(logits, labels, 0) }

// CrossEntropyPerSample returns the (N) cross-entropies that CrossEntropy averages.
func CrossEntropyPerSample(logits, labels Tensor) Tensor { return crossEntropy(logits, labels, 1) }

func crossEntropy(logits, labels Tensor, perSample C.int8_t) Tensor {
	return produce("cross_entropy", []Tensor{logits, labels}, func(out *C.tfa_tensor) C.tfa_error {
		return C.tfa_cross_entropy(logits.handle(), labels.handle(), perSample, out)
	})
}

// Linear returns a weight^T + bias; a (...,in), weight (out,in), bias (out) or the zero Tensor.
func Linear(a, weight, bias Tensor) Tensor {
	return adopt(scopeOf(a, weight), "linear", func() torch.Tensor {
		return functional.Linear(a.Tensor, weight.Tensor, bias.Tensor)
	})
}

// Equal returns a boolean tensor that is true where a equals b, with broadcasting.
func Equal(a, b Tensor) Tensor {
	return adopt(scopeOf(a, b), "eq", func() torch.Tensor { return torch.Eq(a.Tensor, b.Tensor) })
}

// TopK returns the k largest values along dim and their int64 indices, largest first.
func TopK(a Tensor, k, dim int) (values, indices Tensor) {
	values = adopt(a.scope, "topk", func() torch.Tensor {
		v, i := torch.TopK(a.Tensor, int64(k), int64(dim), true, true)
		indices = Tensor{Tensor: i}
		return v
	})
	if a.scope != nil {
		indices = adopt(a.scope, "topk", func() torch.Tensor { return indices.Tensor })
	}
	return values, indices
}
