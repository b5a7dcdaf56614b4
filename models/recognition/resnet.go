package recognition

import (
	"fmt"

	"transfera/aten"
	"transfera/models"
	"transfera/models/nn"
)

// resNets are the ResNets of He et al. 2016, section 4.1, as in torchvision: a bottleneck halves the size in its 3x3
// convolution.
var resNets = []models.Architecture{
	resNet(18, 64, basic, 2, 2, 2, 2), resNet(34, 64, basic, 3, 4, 6, 3),
	resNet(50, 256, bottlenecked, 3, 4, 6, 3), resNet(101, 256, bottlenecked, 3, 4, 23, 3),
	resNet(152, 256, bottlenecked, 3, 8, 36, 3),
}

// residual makes the block from in to out channels; a stride of 2 halves height and width.
type residual func(b nn.Builder, in, out, stride int) nn.Layer

// resNet has four stages of so many blocks. The first stage has so many channels, and each stage doubles them.
func resNet(depth, channels int, block residual, stages ...int) models.Architecture {
	return models.Architecture{
		Name:  fmt.Sprintf("resnet%d", depth),
		Doc:   fmt.Sprintf("ResNet-%d for ImageNet, as in torchvision.", depth),
		Input: imageNetImages,
		Build: func(b nn.Builder, classes int, _ models.Options) nn.Layer {
			b = b.Initialized(nn.Initialization{Convolution: nn.FanOut})
			stem := nn.ConvOptions{Convolution: aten.Convolution{Stride: 2, Padding: 3}, NoBias: true}
			layers := nn.Sequential{b.ConvBN("conv1", "bn1", 3, 64, 7, stem), nn.Func(aten.ReLUInPlace), maxPool(3, 2, 1)}
			in := 64
			for s, blocks := range stages {
				stage, out := b.In(fmt.Sprintf("layer%d", s+1)), channels<<s
				for i := range blocks {
					stride := 1
					if s > 0 && i == 0 {
						stride = 2
					}
					layers = append(layers, block(stage.In(fmt.Sprint(i)), in, out, stride))
					in = out
				}
			}
			return append(layers, globalAveragePool, b.Linear("fc", in, classes))
		},
	}
}

func basic(b nn.Builder, in, out, stride int) nn.Layer {
	return newBasicBlock(b, in, out, projection(b, in, out, stride))
}

// bottleneck is conv1-BN-ReLU-conv3-BN-ReLU-conv1-BN plus a shortcut, then ReLU. Inside it has a quarter of the channels.
type bottleneck struct{ branch, shortcut nn.Layer }

func bottlenecked(b nn.Builder, in, out, stride int) nn.Layer {
	width := out / 4
	middle := nn.Same(3).WithoutBias()
	middle.Stride = stride
	return &bottleneck{
		branch: nn.Sequential{
			b.ConvBN("conv1", "bn1", in, width, 1, nn.ConvOptions{NoBias: true}), nn.Func(aten.ReLUInPlace),
			b.ConvBN("conv2", "bn2", width, width, 3, middle), nn.Func(aten.ReLUInPlace),
			b.ConvBN("conv3", "bn3", width, out, 1, nn.ConvOptions{NoBias: true}),
		},
		shortcut: projection(b, in, out, stride),
	}
}

func (r *bottleneck) Forward(x aten.Tensor) aten.Tensor {
	return aten.Within(x, func(x aten.Tensor) aten.Tensor {
		y := r.branch.Forward(x)
		if r.shortcut != nil {
			x = r.shortcut.Forward(x)
		}
		return aten.ReLUInPlace(aten.AddInPlace(y, x))
	})
}
