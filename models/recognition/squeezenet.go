package recognition

import (
	"fmt"

	"transfera/aten"
	"transfera/models"
	"transfera/models/nn"
)

// squeezeNet is SqueezeNet 1.1 (Iandola et al. 2016), as in torchvision: no BatchNorm, and a convolution as the classifier.
var squeezeNet = models.Architecture{
	Name:  "squeezenet1_1",
	Doc:   "SqueezeNet 1.1 for ImageNet, as in torchvision.",
	Input: imageNetImages,
	Build: func(b nn.Builder, classes int, _ models.Options) nn.Layer {
		b = b.Initialized(nn.Initialization{Convolution: nn.FanIn, Uniform: true, ZeroBias: true})
		features := b.In("features")
		first := nn.ConvOptions{Convolution: aten.Convolution{Stride: 2}}
		layers := nn.Sequential{features.Conv2d("0", 3, 64, 3, first), nn.Func(aten.ReLUInPlace)}
		in, number := 64, 2
		for _, stage := range []struct{ squeezed, out []int }{
			{[]int{16, 16}, []int{128, 128}}, {[]int{32, 32}, []int{256, 256}}, {[]int{48, 48, 64, 64}, []int{384, 384, 512, 512}},
		} {
			layers = append(layers, nn.Func(maxPoolToTheEdge))
			number++
			for i, squeezed := range stage.squeezed {
				layers = append(layers, newFire(features.In(fmt.Sprint(number)), in, squeezed, stage.out[i]))
				in = stage.out[i]
				number++
			}
		}
		last := b.Initialized(nn.Initialization{Convolution: nn.Normal(0.01), ZeroBias: true})
		head := nn.Sequential{last.Conv2d("classifier.1", in, classes, 1, nn.ConvOptions{}), nn.Func(aten.ReLUInPlace), globalAveragePool}
		return append(layers, b.Dropout(0.5), nn.Func(head.Forward)) // one layer, so that features end before it
	},
}

// maxPoolToTheEdge is 3x3 max pooling with stride 2 of values that are not negative, where a window of which only two rows or
// columns are left counts, too: PyTorch's ceil_mode.
func maxPoolToTheEdge(x aten.Tensor) aten.Tensor {
	return aten.Within(x, func(x aten.Tensor) aten.Tensor { return aten.MaxPool2d(aten.PadZero(x, 0, 1, 0, 1), 3, 2, 0) })
}

// fire squeezes the channels by 1x1 convolutions, and widens them by 1x1 and by 3x3 ones side by side.
type fire struct{ squeeze, pointwise, spatial nn.Sequential }

func newFire(b nn.Builder, in, squeezed, out int) *fire {
	part := func(name string, in, out, kernel int) nn.Sequential {
		return nn.Sequential{b.Conv2d(name, in, out, kernel, nn.Same(kernel)), nn.Func(aten.ReLUInPlace)}
	}
	return &fire{
		squeeze:   part("squeeze", in, squeezed, 1),
		pointwise: part("expand1x1", squeezed, out/2, 1),
		spatial:   part("expand3x3", squeezed, out/2, 3),
	}
}

// Forward maps (N,in,H,W) to (N,out,H,W).
func (f *fire) Forward(x aten.Tensor) aten.Tensor {
	return aten.Within(x, func(x aten.Tensor) aten.Tensor {
		x = f.squeeze.Forward(x)
		return aten.Cat(1, f.pointwise.Forward(x), f.spatial.Forward(x))
	})
}
