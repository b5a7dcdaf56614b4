package processing

import (
	_ "embed"
	"strconv"

	"transfera/aten"
	"transfera/models"
	"transfera/models/nn"
)

// generator is the "resnet_6blocks" generator of pix2pix (Isola et al. 2017; Johnson et al. 2016) with BatchNorm, the
// paper's T, and its P for denoising and JPEG-deblocking too. Convolutions before a BatchNorm have no bias. Tensor names are
// those of the public pix2pix code, model.N counting its paddings and activations as well.
var generator = models.Architecture{
	Name: "resnet-generator",
	Doc:  "The pix2pix ResNet generator, the paper's transformer.",
	Options: []models.Option{
		{Name: "channels", Default: 64, Min: 1, Max: 512, Doc: "Channels at full size; four times as many in the blocks."},
		{Name: "blocks", Default: 6, Min: 1, Max: 64, Doc: "Residual blocks, at a quarter of the size."},
	},
	Scales: []int{1},
	Field:  generatorField,
	Python: generatorPython,
	Build: func(b nn.Builder, _ int, o models.Options) nn.Layer {
		b = b.In("model")
		channels := o.Int("channels")
		unpadded := nn.ConvOptions{}
		half := nn.ConvOptions{Convolution: aten.Convolution{Stride: 2, Padding: 1}, NoBias: true}
		double := nn.ConvOptions{Convolution: aten.Convolution{Stride: 2, Padding: 1, OutputPadding: 1}, NoBias: true}
		relu := nn.Func(aten.ReLUInPlace)

		layers := nn.Sequential{
			reflect(3), b.ConvBN("1", "2", 3, channels, 7, unpadded.WithoutBias()), relu,
			b.ConvBN("4", "5", channels, 2*channels, 3, half), relu,
			b.ConvBN("7", "8", 2*channels, 4*channels, 3, half), relu,
		}
		for i := range o.Int("blocks") {
			layers = append(layers, newReflectBlock(b.In(strconv.Itoa(10+i)).In("conv_block"), 4*channels))
		}
		name := func(i int) string { return strconv.Itoa(10 + o.Int("blocks") + i) }
		return &resnetGenerator{append(layers,
			b.ConvTranspose2d(name(0), 4*channels, 2*channels, 3, double), b.BatchNorm2d(name(1), 2*channels), relu,
			b.ConvTranspose2d(name(3), 2*channels, channels, 3, double), b.BatchNorm2d(name(4), channels), relu,
			reflect(3), b.Conv2d(name(7), channels, 3, 7, unpadded))}
	},
}

//go:embed python/resnet_generator.py
var generatorPython string

func generatorField(_ int, o models.Options) models.Field {
	return models.Field{
		// Both 7x7 ends and the two halvings and doublings reach 12 pixels; a block's two convolutions run at a quarter of the size.
		Reach: 12 + 8*o.Int("blocks"), Align: 4, Least: 5,
		Floats: 5*lanes(o.Int("channels")) + 32,
	}
}

type resnetGenerator struct{ layers nn.Sequential }

// Forward maps (N,3,H,W) to (N,3,H,W) in [0,1]; H and W are at least 5. Sizes that 4 does not divide come out of the two
// halvings and doublings larger, so the surplus at the right and at the bottom is cut off.
func (g *resnetGenerator) Forward(x aten.Tensor) aten.Tensor {
	return aten.Within(x, func(x aten.Tensor) aten.Tensor {
		y := unitRange(g.layers.Forward(x))
		for _, d := range []int{2, 3} {
			if size := x.Dim(d); y.Dim(d) > size {
				y = aten.Narrow(y, d, 0, size)
			}
		}
		return y
	})
}

// reflect pads every side with the mirrored image.
func reflect(n int) nn.Layer {
	return nn.Func(func(x aten.Tensor) aten.Tensor { return aten.PadReflect(x, n, n, n, n) })
}

// reflectBlock is conv3-BN-ReLU-conv3-BN with reflected edges and an identity sum.
type reflectBlock struct{ layers nn.Sequential }

func newReflectBlock(b nn.Builder, channels int) *reflectBlock {
	conv := func(conv, norm string) nn.Layer {
		return b.ConvBN(conv, norm, channels, channels, 3, nn.ConvOptions{NoBias: true})
	}
	return &reflectBlock{nn.Sequential{
		reflect(1), conv("1", "2"), nn.Func(aten.ReLUInPlace),
		reflect(1), conv("5", "6"),
	}}
}

func (r *reflectBlock) Forward(x aten.Tensor) aten.Tensor {
	return aten.Within(x, func(x aten.Tensor) aten.Tensor { return aten.AddInPlace(r.layers.Forward(x), x) })
}
