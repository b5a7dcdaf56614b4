package recognition

import (
	"fmt"

	"transfera/aten"
	"transfera/models"
	"transfera/models/nn"
)

// convNeXtTiny is ConvNeXt-T (Liu et al. 2022), as in torchvision, whose weights are evaluated after resizing to 236.
var convNeXtTiny = models.Architecture{
	Name:  "convnext_tiny",
	Doc:   "ConvNeXt-T for ImageNet, as in torchvision.",
	Input: models.Input{Classes: 1000, Resize: 236, Crop: 224, Normalization: models.ImageNet},
	Build: func(b nn.Builder, classes int, _ models.Options) nn.Layer {
		small := nn.Normal(0.02)
		b = b.WithEpsilon(1e-6).Initialized(nn.Initialization{Convolution: small, Linear: small, ZeroBias: true})
		features := b.In("features")
		stages := []struct{ channels, blocks int }{{96, 3}, {192, 3}, {384, 9}, {768, 3}}
		const blocks, mostDropped = 18, 0.1

		var layers nn.Sequential
		in, number, block := 3, 0, 0
		for _, stage := range stages {
			layers = append(layers, patches(features.In(fmt.Sprint(number)), in, stage.channels))
			in = stage.channels
			for i := range stage.blocks {
				name := fmt.Sprintf("%d.%d", number+1, i)
				dropped := mostDropped * float64(block) / (blocks - 1) // deeper blocks are dropped more often
				layers = append(layers, newConvNeXtBlock(features.In(name), in, dropped))
				block++
			}
			number += 2
		}
		classifier := b.In("classifier")
		return append(layers,
			nn.Func(func(x aten.Tensor) aten.Tensor { return aten.AdaptiveAvgPool2d(x, 1, 1) }),
			normalizedChannels(classifier, "0", in),
			nn.Func(func(x aten.Tensor) aten.Tensor { return aten.Flatten(x, 1) }),
			classifier.Linear("2", in, classes))
	},
}

// patches makes the input of a stage: patches of 4x4 pixels, then normalized, or normalized features, then patches of 2x2.
func patches(b nn.Builder, in, out int) nn.Layer {
	if in == 3 {
		apart := nn.ConvOptions{Convolution: aten.Convolution{Stride: 4}}
		return nn.Sequential{b.Conv2d("0", in, out, 4, apart), normalizedChannels(b, "1", out)}
	}
	apart := nn.ConvOptions{Convolution: aten.Convolution{Stride: 2}}
	return nn.Sequential{normalizedChannels(b, "0", in), b.Conv2d("1", in, out, 2, apart)}
}

var (
	channelsLast  = nn.Func(func(x aten.Tensor) aten.Tensor { return aten.Permute(x, 0, 2, 3, 1) })
	channelsFirst = nn.Func(func(x aten.Tensor) aten.Tensor { return aten.Permute(x, 0, 3, 1, 2) })
)

// normalizedChannels normalizes the channels (N,C,H,W) of every pixel by themselves.
func normalizedChannels(b nn.Builder, name string, channels int) nn.Layer {
	return nn.Sequential{channelsLast, b.LayerNorm(name, channels), channelsFirst}
}

// convNeXtBlock adds to its input a branch that convolves every channel by itself, mixes the channels of every pixel, and is
// scaled by a learned factor per channel.
type convNeXtBlock struct {
	scale  aten.Tensor
	branch nn.Layer
	depth  *nn.StochasticDepth
}

func newConvNeXtBlock(b nn.Builder, channels int, dropped float64) *convNeXtBlock {
	layers := b.In("block")
	depthwise := nn.Same(7)
	depthwise.Groups = channels
	return &convNeXtBlock{
		scale: b.Parameter("layer_scale", 1e-6, channels, 1, 1),
		branch: nn.Sequential{
			layers.Conv2d("0", channels, channels, 7, depthwise),
			channelsLast, layers.LayerNorm("2", channels),
			layers.Linear("3", channels, 4*channels), nn.Func(aten.GELU), layers.Linear("5", 4*channels, channels),
			channelsFirst,
		},
		depth: b.StochasticDepth(dropped),
	}
}

func (c *convNeXtBlock) Forward(x aten.Tensor) aten.Tensor {
	return aten.Within(x, func(x aten.Tensor) aten.Tensor {
		y := c.depth.Forward(aten.Mul(c.branch.Forward(x), c.scale))
		return aten.AddInPlace(y, x)
	})
}
