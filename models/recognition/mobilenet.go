package recognition

import (
	"fmt"

	"transfera/aten"
	"transfera/models"
	"transfera/models/nn"
)

// mobileNetV2 is MobileNetV2 (Sandler et al. 2018, table 2) of width 1, as in torchvision.
var mobileNetV2 = models.Architecture{
	Name:  "mobilenet_v2",
	Doc:   "MobileNetV2 for ImageNet, as in torchvision.",
	Input: imageNetImages,
	Build: func(b nn.Builder, classes int, _ models.Options) nn.Layer {
		b = b.Initialized(nn.Initialization{Convolution: nn.FanOut, Linear: nn.Normal(0.01), ZeroBias: true})
		features := b.In("features")
		layers := nn.Sequential{convReLU6(features.In("0"), 3, 32, 3, aten.Convolution{Stride: 2})}
		in := 32
		for _, stage := range []struct{ expansion, out, blocks, stride int }{
			{1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1},
		} {
			stride := stage.stride
			for range stage.blocks {
				block := features.In(fmt.Sprint(len(layers)))
				layers = append(layers, newInvertedResidual(block.In("conv"), in, stage.out, stage.expansion, stride))
				in, stride = stage.out, 1
			}
		}
		return append(layers, convReLU6(features.In(fmt.Sprint(len(layers))), in, 1280, 1, aten.Convolution{}),
			globalAveragePool, b.Dropout(0.2), b.Linear("classifier.1", 1280, classes))
	},
}

// convReLU6 is a convolution of an odd kernel that keeps the size but for its stride, BatchNorm and ReLU6.
func convReLU6(b nn.Builder, in, out, kernel int, c aten.Convolution) nn.Layer {
	c.Padding = kernel / 2
	return nn.Sequential{
		b.ConvBN("0", "1", in, out, kernel, nn.ConvOptions{Convolution: c, NoBias: true}), nn.Func(aten.ReLU6InPlace),
	}
}

// invertedResidual widens, convolves every channel by itself, and narrows again without an activation. A block that keeps
// channels and size adds its input.
type invertedResidual struct {
	branch nn.Layer
	sum    bool
}

func newInvertedResidual(b nn.Builder, in, out, expansion, stride int) *invertedResidual {
	var branch nn.Sequential
	wide := in * expansion
	if expansion > 1 {
		branch = append(branch, convReLU6(b.In("0"), in, wide, 1, aten.Convolution{}))
	}
	n := len(branch)
	return &invertedResidual{
		branch: append(branch,
			convReLU6(b.In(fmt.Sprint(n)), wide, wide, 3, aten.Convolution{Stride: stride, Groups: wide}),
			b.ConvBN(fmt.Sprint(n+1), fmt.Sprint(n+2), wide, out, 1, nn.ConvOptions{NoBias: true})),
		sum: stride == 1 && in == out,
	}
}

func (r *invertedResidual) Forward(x aten.Tensor) aten.Tensor {
	return aten.Within(x, func(x aten.Tensor) aten.Tensor {
		y := r.branch.Forward(x)
		if r.sum {
			y = aten.AddInPlace(y, x)
		}
		return y
	})
}
