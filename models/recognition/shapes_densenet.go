package recognition

import (
	"fmt"

	"transfera/aten"
	"transfera/models"
	"transfera/models/nn"
)

// shapesDenseNet is a small DenseNet without bottlenecks: three dense blocks with transitions that halve channels and size.
var shapesDenseNet = models.Architecture{
	Name:  "shapes-densenet",
	Doc:   "Small DenseNet for 32x32 images.",
	Input: smallImages,
	Options: []models.Option{
		{Name: "growth", Default: 12, Min: 1, Max: 256, Doc: "Channels that every layer adds."},
		{Name: "layers", Default: 3, Min: 1, Max: 64, Doc: "Layers per dense block."},
	},
	Build: func(b nn.Builder, classes int, o models.Options) nn.Layer {
		growth := o.Int("growth")
		features := b.In("features")
		channels := 2 * growth
		layers := nn.Sequential{features.Conv2d("conv0", 3, channels, 3, nn.Same(3).WithoutBias())}
		for s := 1; s <= 3; s++ {
			block := features.In(fmt.Sprintf("denseblock%d", s))
			for i := 1; i <= o.Int("layers"); i++ {
				layers = append(layers, newDenseLayer(block.In(fmt.Sprintf("denselayer%d", i)), channels, growth))
				channels += growth
			}
			if s < 3 {
				layers = append(layers, newTransition(features.In(fmt.Sprintf("transition%d", s)), channels, channels/2))
				channels /= 2
			}
		}
		return append(layers, features.BatchNorm2d("norm5", channels), nn.Func(aten.ReLUInPlace),
			globalAveragePool, b.Linear("classifier", channels, classes))
	},
}

// denseLayer appends growth channels, BN-ReLU-conv3 of its input, to that input.
type denseLayer struct{ added nn.Sequential }

func newDenseLayer(b nn.Builder, in, growth int) *denseLayer {
	return &denseLayer{nn.Sequential{
		b.BatchNorm2d("norm1", in), nn.Func(aten.ReLUInPlace), b.Conv2d("conv1", in, growth, 3, nn.Same(3).WithoutBias()),
	}}
}

func (d *denseLayer) Forward(x aten.Tensor) aten.Tensor {
	return aten.Within(x, func(x aten.Tensor) aten.Tensor { return aten.Cat(1, x, d.added.Forward(x)) })
}

// newTransition is BN-ReLU-conv1 and an average pool that halves height and width.
func newTransition(b nn.Builder, in, out int) nn.Layer {
	return nn.Sequential{
		b.BatchNorm2d("norm", in), nn.Func(aten.ReLUInPlace),
		b.Conv2d("conv", in, out, 1, nn.ConvOptions{NoBias: true}),
		averagePool(2, 2),
	}
}
