package recognition

import (
	"fmt"

	"transfera/aten"
	"transfera/models"
	"transfera/models/nn"
)

// shapesVGG is a small VGG with BatchNorm: three stages of convolutions, each followed by max pooling, no shortcuts.
var shapesVGG = models.Architecture{
	Name:  "shapes-vgg",
	Doc:   "Small VGG with BatchNorm for 32x32 images.",
	Input: smallImages,
	Options: []models.Option{
		{Name: "width", Default: 16, Min: 1, Max: 512, Doc: "Channels of the first of three stages; each stage doubles them."},
		{Name: "depth", Default: 2, Min: 1, Max: 8, Doc: "Convolutions per stage."},
	},
	Build: func(b nn.Builder, classes int, o models.Options) nn.Layer {
		var layers nn.Sequential
		features := b.In("features")
		in, number := 3, 0
		for s := range 3 {
			out := o.Int("width") << s
			for range o.Int("depth") {
				layers = append(layers,
					features.ConvBN(fmt.Sprint(number), fmt.Sprint(number+1), in, out, 3, nn.Same(3)), nn.Func(aten.ReLUInPlace))
				in, number = out, number+3 // convolution, BatchNorm, ReLU
			}
			layers = append(layers, maxPool(2, 2, 0))
			number++
		}
		return append(layers, globalAveragePool, b.Linear("classifier", in, classes))
	},
}
