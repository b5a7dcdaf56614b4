package aten

// #include "native/transfera.h"
import "C"

import (
	"runtime"

	torch "github.com/wangkuiyi/gotorch"
	functional "github.com/wangkuiyi/gotorch/nn/functional"
)

// Convolution describes a 2-d convolution. The zero value of Stride, Dilation and Groups is 1.
type Convolution struct {
	Stride, Padding, Dilation, Groups int
	// PaddingHeight comes on top of Padding above and below, PaddingWidth on the left and right, as oblong kernels need.
	PaddingHeight, PaddingWidth int
	OutputPadding               int // ConvTranspose2d only
}

func (c Convolution) padding() []int64 {
	return []int64{int64(c.Padding + c.PaddingHeight), int64(c.Padding + c.PaddingWidth)}
}

func one(n int) int64 { return int64(max(n, 1)) }

func pair(n int64) []int64 { return []int64{n, n} }

// Conv2d convolves x (N,in,H,W) with weight (out,in/groups,height,width) and adds bias (out), if defined.
func Conv2d(x, weight, bias Tensor, c Convolution) Tensor {
	return adopt(scopeOf(x, weight), "conv2d", func() torch.Tensor {
		return functional.Conv2d(x.Tensor, weight.Tensor, bias.Tensor,
			pair(one(c.Stride)), c.padding(), pair(one(c.Dilation)), one(c.Groups))
	})
}

// ConvTranspose2d is the transposed convolution of x (N,in,H,W) with weight (in,out/groups,height,width), plus bias (out), if
// defined.
func ConvTranspose2d(x, weight, bias Tensor, c Convolution) Tensor {
	return adopt(scopeOf(x, weight), "conv_transpose2d", func() torch.Tensor {
		return functional.ConvTranspose2d(x.Tensor, weight.Tensor, bias.Tensor,
			pair(one(c.Stride)), c.padding(), pair(int64(c.OutputPadding)), one(c.Groups), pair(one(c.Dilation)))
	})
}

// BatchNorm normalizes x (N,C,H,W) per channel. In training it uses the batch's statistics and moves the running ones by
// momentum; otherwise it uses the running ones.
func BatchNorm(x, runningMean, runningVar, weight, bias Tensor, training bool, momentum, epsilon float64) Tensor {
	return adopt(scopeOf(x, weight), "batch_norm", func() torch.Tensor {
		return functional.BatchNorm(x.Tensor, runningMean.Tensor, runningVar.Tensor, weight.Tensor, bias.Tensor,
			training, momentum, epsilon)
	})
}

// MaxPool2d takes the maximum over square windows.
func MaxPool2d(x Tensor, kernel, stride, padding int) Tensor {
	return adopt(x.scope, "max_pool2d", func() torch.Tensor {
		return functional.MaxPool2d(x.Tensor, pair(int64(kernel)), pair(int64(stride)), pair(int64(padding)), pair(1), false)
	})
}

// AvgPool2d averages over square windows; padded zeros do not count.
func AvgPool2d(x Tensor, kernel, stride, padding int) Tensor {
	return avgPool2d(x, kernel, stride, padding, 0)
}

// AvgPool2dCountingPadding averages over square windows; padded zeros count, which is PyTorch's default.
func AvgPool2dCountingPadding(x Tensor, kernel, stride, padding int) Tensor {
	return avgPool2d(x, kernel, stride, padding, 1)
}

func avgPool2d(x Tensor, kernel, stride, padding int, countPadding C.int8_t) Tensor {
	return produce("avg_pool2d", []Tensor{x}, func(out *C.tfa_tensor) C.tfa_error {
		return C.tfa_avg_pool2d(x.handle(), C.int64_t(kernel), C.int64_t(stride), C.int64_t(padding), countPadding, out)
	})
}

// AdaptiveAvgPool2d averages x (N,C,H,W) down to (N,C,height,width).
func AdaptiveAvgPool2d(x Tensor, height, width int) Tensor {
	return adopt(x.scope, "adaptive_avg_pool2d", func() torch.Tensor {
		return functional.AdaptiveAvgPool2d(x.Tensor, []int64{int64(height), int64(width)})
	})
}

// PixelShuffle rearranges (N,C*f*f,H,W) into (N,C,H*f,W*f).
func PixelShuffle(x Tensor, factor int) Tensor {
	return produce("pixel_shuffle", []Tensor{x}, func(out *C.tfa_tensor) C.tfa_error {
		return C.tfa_pixel_shuffle(x.handle(), C.int64_t(factor), out)
	})
}

// PadZero pads the last dimensions with zeros: (left, right, top, bottom, ...), starting from the last dimension.
func PadZero(x Tensor, padding ...int) Tensor { return pad(x, "constant", padding) }

// PadReflect mirrors x (N,C,H,W) at its edges without repeating them: (left, right, top, bottom).
func PadReflect(x Tensor, padding ...int) Tensor { return pad(x, "reflect", padding) }

// PadReplicate repeats the edge of x (N,C,H,W): (left, right, top, bottom).
func PadReplicate(x Tensor, padding ...int) Tensor { return pad(x, "replicate", padding) }

func pad(x Tensor, mode string, padding []int) Tensor {
	name := C.CString(mode)
	defer freeCString(name)
	p, n := int64s(wide(padding))
	return produce("pad", []Tensor{x}, func(out *C.tfa_tensor) C.tfa_error {
		return C.tfa_pad(x.handle(), p, n, name, 0, out)
	})
}

// Cat joins tensors along dim; their other dimensions must be equal.
func Cat(dim int, tensors ...Tensor) Tensor {
	handles := make([]C.tfa_tensor, len(tensors))
	for i, t := range tensors {
		handles[i] = t.handle()
	}
	if len(handles) == 0 {
		panic(&Error{Op: "cat", Message: "nothing to join"})
	}
	defer runtime.KeepAlive(tensors)
	return produce("cat", tensors, func(out *C.tfa_tensor) C.tfa_error {
		return C.tfa_cat(&handles[0], C.int64_t(len(handles)), C.int64_t(dim), out)
	})
}

// Narrow returns length elements of dimension dim from start on, sharing x's memory.
func Narrow(x Tensor, dim, start, length int) Tensor {
	return produce("narrow", []Tensor{x}, func(out *C.tfa_tensor) C.tfa_error {
		return C.tfa_narrow(x.handle(), C.int64_t(dim), C.int64_t(start), C.int64_t(length), out)
	})
}

// Slice returns every step-th element of dimension dim in [start, end), sharing x's memory.
func Slice(x Tensor, dim, start, end, step int) Tensor {
	return produce("slice", []Tensor{x}, func(out *C.tfa_tensor) C.tfa_error {
		return C.tfa_slice(x.handle(), C.int64_t(dim), C.int64_t(start), C.int64_t(end), C.int64_t(step), out)
	})
}

// Reshape returns x with another shape of as many elements; one size may be -1.
func Reshape(x Tensor, shape ...int) Tensor {
	return adopt(x.scope, "view", func() torch.Tensor { return torch.View(x.Tensor, wide(shape)...) })
}

// Flatten joins all dimensions from start on: (N,C,H,W) becomes (N,C*H*W) for start 1.
func Flatten(x Tensor, start int) Tensor {
	return adopt(x.scope, "flatten", func() torch.Tensor { return torch.Flatten(x.Tensor, int64(start), -1) })
}

// Permute reorders the dimensions.
func Permute(x Tensor, dims ...int) Tensor {
	return adopt(x.scope, "permute", func() torch.Tensor { return x.Tensor.Permute(wide(dims)) })
}
