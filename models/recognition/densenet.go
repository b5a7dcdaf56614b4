package recognition

import (
	"fmt"
	"regexp"

	"transfera/aten"
	"transfera/models"
	"transfera/models/nn"
)

// denseNets are the DenseNet-BC of Huang et al. 2017 with growth 32, as in torchvision.
var denseNets = []models.Architecture{
	denseNet(121, 6, 12, 24, 16), denseNet(169, 6, 12, 32, 32), denseNet(201, 6, 12, 48, 32),
}

// denseNet has four dense blocks of so many layers, with transitions that halve channels and size.
func denseNet(depth int, blocks ...int) models.Architecture {
	const growth = 32
	return models.Architecture{
		Name:   fmt.Sprintf("densenet%d", depth),
		Doc:    fmt.Sprintf("DenseNet-%d for ImageNet, as in torchvision.", depth),
		Input:  imageNetImages,
		Rename: modernDenseNetName,
		Build: func(b nn.Builder, classes int, _ models.Options) nn.Layer {
			b = b.Initialized(nn.Initialization{Convolution: nn.FanIn, ZeroBias: true})
			features := b.In("features")
			channels := 2 * growth
			stem := nn.ConvOptions{Convolution: aten.Convolution{Stride: 2, Padding: 3}, NoBias: true}
			layers := nn.Sequential{
				features.ConvBN("conv0", "norm0", 3, channels, 7, stem), nn.Func(aten.ReLUInPlace), maxPool(3, 2, 1),
			}
			for s, count := range blocks {
				block := features.In(fmt.Sprintf("denseblock%d", s+1))
				for i := range count {
					layers = append(layers, newBottleneckDenseLayer(block.In(fmt.Sprintf("denselayer%d", i+1)), channels, growth))
					channels += growth
				}
				if s < len(blocks)-1 {
					layers = append(layers, newTransition(features.In(fmt.Sprintf("transition%d", s+1)), channels, channels/2))
					channels /= 2
				}
			}
			return append(layers, features.BatchNorm2d("norm5", channels), nn.Func(aten.ReLUInPlace),
				globalAveragePool, b.Linear("classifier", channels, classes))
		},
	}
}

// newBottleneckDenseLayer appends growth channels, BN-ReLU-conv1-BN-ReLU-conv3 of its input, to that input. Freezing folds
// the second BN into the convolution before it; the first has none.
func newBottleneckDenseLayer(b nn.Builder, in, growth int) *denseLayer {
	return &denseLayer{nn.Sequential{
		b.BatchNorm2d("norm1", in), nn.Func(aten.ReLUInPlace),
		b.ConvBN("conv1", "norm2", in, 4*growth, 1, nn.ConvOptions{NoBias: true}), nn.Func(aten.ReLUInPlace),
		b.Conv2d("conv2", 4*growth, growth, 3, nn.Same(3).WithoutBias()),
	}}
}

// Torchvision's weights were written when the layers were called norm.1 and conv.1, not norm1 and conv1.
var oldDenseNetName = regexp.MustCompile(`(\.denselayer\d+\.(?:norm|conv))\.([12]\.)`)

func modernDenseNetName(stored string) string {
	return oldDenseNetName.ReplaceAllString(stored, "$1$2")
}
