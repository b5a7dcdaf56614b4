package recognition

import (
	"fmt"

	"transfera/aten"
	"transfera/models"
	"transfera/models/nn"
)

// shapesResNet is a small ResNet for 32x32 images with learned 1x1 shortcuts (option B).
var shapesResNet = models.Architecture{
	Name:  "shapes-resnet",
	Doc:   "Small ResNet for 32x32 images.",
	Input: smallImages,
	Options: []models.Option{
		{Name: "width", Default: 16, Min: 1, Max: 512, Doc: "Channels of the first of three stages; each stage doubles them."},
		{Name: "blocks", Default: 1, Min: 1, Max: 32, Doc: "Residual blocks per stage."},
	},
	Build: func(b nn.Builder, classes int, o models.Options) nn.Layer {
		layers, channels := ShapesStages(b, b, o)
		return append(layers, globalAveragePool, b.Linear("fc", channels, classes))
	},
}

// ShapesOptions are those of ShapesStages.
var ShapesOptions = shapesResNet.Options

// ShapesStages adds the stem and the three stages of the small ResNet: (N,3,H,W) to (N,channels,H/4,W/4). Stem and first
// stage are added to early, the others to b.
func ShapesStages(early, b nn.Builder, o models.Options) (layers nn.Sequential, channels int) {
	width := o.Int("width")
	layers = nn.Sequential{early.ConvBN("conv1", "bn1", 3, width, 3, nn.Same(3).WithoutBias()), nn.Func(aten.ReLUInPlace)}
	channels = width
	for s := range 3 {
		stage := early.In(fmt.Sprintf("layer%d", s+1))
		if s > 0 {
			stage = b.In(fmt.Sprintf("layer%d", s+1))
		}
		for i := range o.Int("blocks") {
			block, out := stage.In(fmt.Sprint(i)), width<<s
			layers = append(layers, newBasicBlock(block, channels, out, projection(block, channels, out, 2)))
			channels = out
		}
	}
	return layers, channels
}

// projection is option B: a strided 1x1 convolution with BatchNorm where the channels change.
func projection(b nn.Builder, in, out, stride int) nn.Layer {
	if in == out {
		return nil
	}
	return b.ConvBN("downsample.0", "downsample.1", in, out, 1,
		nn.ConvOptions{Convolution: aten.Convolution{Stride: stride}, NoBias: true})
}
