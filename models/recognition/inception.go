package recognition

import (
	"transfera/aten"
	"transfera/models"
	"transfera/models/nn"
)

// inceptionV3 is Inception-v3 (Szegedy et al. 2016), as in torchvision. Its published weights see pixels in [-1,1].
var inceptionV3 = models.Architecture{
	Name: "inception_v3",
	Doc:  "Inception-v3 for ImageNet, as in torchvision; images of at least 75x75.",
	Options: []models.Option{{
		Name: "transform_input", Default: 0, Min: 0, Max: 1,
		Doc: "1 if the input is normalized for ImageNet and the weights want [-1,1], torchvision's way of using its weights.",
	}},
	Input: models.Input{Classes: 1000, Resize: 342, Crop: 299, Normalization: models.Normalization{
		Mean: [3]float32{0.5, 0.5, 0.5}, Std: [3]float32{0.5, 0.5, 0.5},
	}},
	Build: func(b nn.Builder, classes int, o models.Options) nn.Layer {
		weight := nn.Normal(0.1)
		i := inception{b.WithEpsilon(1e-3).Initialized(nn.Initialization{Convolution: weight, Linear: weight})}
		i.registerAuxiliary(classes)
		var layers nn.Sequential
		if o.Int("transform_input") == 1 {
			layers = append(layers, nn.Func(fromImageNet))
		}
		return append(layers,
			i.convolution("Conv2d_1a_3x3", 3, 32, strided),
			i.convolution("Conv2d_2a_3x3", 32, 32, shrinking),
			i.convolution("Conv2d_2b_3x3", 32, 64, square(3)),
			maxPool(3, 2, 0),
			i.convolution("Conv2d_3b_1x1", 64, 80, square(1)),
			i.convolution("Conv2d_4a_3x3", 80, 192, shrinking),
			maxPool(3, 2, 0),
			i.module("Mixed_5b").a(192, 32), i.module("Mixed_5c").a(256, 64), i.module("Mixed_5d").a(288, 64),
			i.module("Mixed_6a").b(288),
			i.module("Mixed_6b").c(128), i.module("Mixed_6c").c(160), i.module("Mixed_6d").c(160), i.module("Mixed_6e").c(192),
			i.module("Mixed_7a").d(768),
			i.module("Mixed_7b").e(1280), i.module("Mixed_7c").e(2048),
			globalAveragePool, b.Dropout(0.5), i.Linear("fc", 2048, classes))
	},
}

// fromImageNet turns pixels normalized for ImageNet into 2 pixel - 1.
func fromImageNet(x aten.Tensor) aten.Tensor {
	return aten.Within(x, func(x aten.Tensor) aten.Tensor {
		var channels []aten.Tensor
		for c := range 3 {
			mean, std := float64(models.ImageNet.Mean[c]), float64(models.ImageNet.Std[c])
			pixel := aten.AddScalar(aten.MulScalar(aten.Narrow(x, 1, c, 1), std), mean)
			channels = append(channels, aten.AddScalar(aten.MulScalar(pixel, 2), -1))
		}
		return aten.Cat(1, channels...)
	})
}

// inception builds convolutions and the modules a to e, which torchvision calls InceptionA to InceptionE.
type inception struct{ nn.Builder }

func (i inception) module(name string) inception { return inception{i.In(name)} }

// kernel is the geometry of a convolution.
type kernel struct {
	height int
	nn.ConvOptions
}

var (
	strided   = kernel{3, nn.ConvOptions{Convolution: aten.Convolution{Stride: 2}}}
	shrinking = kernel{3, nn.ConvOptions{}} // without padding
)

func square(size int) kernel { return kernel{size, nn.Same(size)} }

func row(width int) kernel {
	return kernel{1, nn.ConvOptions{KernelWidth: width, Convolution: aten.Convolution{PaddingWidth: width / 2}}}
}

func column(height int) kernel {
	return kernel{height, nn.ConvOptions{KernelWidth: 1, Convolution: aten.Convolution{PaddingHeight: height / 2}}}
}

// convolution is followed by BatchNorm and ReLU.
func (i inception) convolution(name string, in, out int, k kernel) nn.Layer {
	return nn.Sequential{
		i.In(name).ConvBN("conv", "bn", in, out, k.height, k.WithoutBias()), nn.Func(aten.ReLUInPlace),
	}
}

// parallel joins the channels of several branches from one input.
type parallel []nn.Layer

func (p parallel) Forward(x aten.Tensor) aten.Tensor {
	return aten.Within(x, func(x aten.Tensor) aten.Tensor {
		var outputs []aten.Tensor
		for _, branch := range p {
			outputs = append(outputs, branch.Forward(x))
		}
		return aten.Cat(1, outputs...)
	})
}
