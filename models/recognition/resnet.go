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
	resNet(18, ResNet18), resNet(34, ResNet{64, basic, []int{3, 4, 6, 3}}),
	resNet(50, ResNet50), resNet(101, ResNet101), resNet(152, ResNet{256, bottlenecked, []int{3, 8, 36, 3}}),
}

// The designs that detectors build on.
var (
	ResNet18  = ResNet{64, basic, []int{2, 2, 2, 2}}
	ResNet50  = ResNet{256, bottlenecked, []int{3, 4, 6, 3}}
	ResNet101 = ResNet{256, bottlenecked, []int{3, 4, 23, 3}}
)

// ResNet is a design of a stem and stages of blocks. The first stage has so many channels, and each stage doubles them.
type ResNet struct {
	channels int
	block    residual
	stages   []int // blocks of each
}

// residual makes the block from in to out channels; a stride of 2 halves height and width.
type residual func(b nn.Builder, in, out, stride int) nn.Layer

const stemChannels = 64

// Stem adds what comes before the stages: (N,3,H,W) to (N,64,H/4,W/4).
func (r ResNet) Stem(b nn.Builder) nn.Sequential {
	stem := nn.ConvOptions{Convolution: aten.Convolution{Stride: 2, Padding: 3}, NoBias: true}
	return nn.Sequential{b.ConvBN("conv1", "bn1", 3, stemChannels, 7, stem), nn.Func(aten.ReLUInPlace), maxPool(3, 2, 1)}
}

// Stage adds stage s, 1 to 4, as "layer" s: (N,Channels(s-1),H,W) to (N,Channels(s),H/2,W/2); the first keeps the size.
func (r ResNet) Stage(b nn.Builder, s int) nn.Sequential {
	var layers nn.Sequential
	stage, in := b.In(fmt.Sprintf("layer%d", s)), r.Channels(s-1)
	for i := range r.stages[s-1] {
		stride := 1
		if s > 1 && i == 0 {
			stride = 2
		}
		layers = append(layers, r.block(stage.In(fmt.Sprint(i)), in, r.Channels(s), stride))
		in = r.Channels(s)
	}
	return layers
}

// Channels returns the number of channels after stage s; stage 0 is the stem.
func (r ResNet) Channels(s int) int {
	if s == 0 {
		return stemChannels
	}
	return r.channels << (s - 1)
}

// resNet is the classifier of a design.
func resNet(depth int, r ResNet) models.Architecture {
	return models.Architecture{
		Name:  fmt.Sprintf("resnet%d", depth),
		Doc:   fmt.Sprintf("ResNet-%d for ImageNet, as in torchvision.", depth),
		Input: imageNetImages,
		Build: func(b nn.Builder, classes int, _ models.Options) nn.Layer {
			b = b.Initialized(nn.Initialization{Convolution: nn.FanOut})
			layers := r.Stem(b)
			for s := range r.stages {
				layers = append(layers, r.Stage(b, s+1)...)
			}
			return append(layers, globalAveragePool, b.Linear("fc", r.Channels(len(r.stages)), classes))
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
