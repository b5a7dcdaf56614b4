package processing

import (
	_ "embed"
	"fmt"
	"strconv"

	"transfera/aten"
	"transfera/models"
	"transfera/models/nn"
)

// srdensenet is SRDenseNet (Tong et al. 2017) as in the paper's code, SRDenseNet(16,16,8,8), under its tensor names. It
// enlarges by 4 and nothing else. Unlike the other networks here it ends in a convolution: values may leave [0,1] a little.
var srdensenet = models.Architecture{
	Name: "srdensenet",
	Doc:  "SRDenseNet, a processor that enlarges by 4.",
	Options: []models.Option{
		{Name: "growth", Default: 16, Min: 1, Max: 256, Doc: "Channels that every layer adds."},
		{Name: "layers", Default: 8, Min: 1, Max: 64, Doc: "Layers per dense block."},
		{Name: "blocks", Default: 8, Min: 1, Max: 64, Doc: "Dense blocks."},
		{Name: "channels", Default: 128, Min: 1, Max: 1024, Doc: "Channels from the bottleneck on."},
	},
	Scales: []int{4},
	Field:  srdensenetField,
	Python: srdensenetPython,
	Build: func(b nn.Builder, _ int, o models.Options) nn.Layer {
		growth, channels := o.Int("growth"), o.Int("channels")
		layers := nn.Sequential{b.Conv2d("conv1", 3, growth, 3, nn.Same(3)), nn.Func(aten.ReLUInPlace)}
		in := growth
		for i := range o.Int("blocks") {
			block := b.In(fmt.Sprintf("denseblock.%d.block", i))
			for j := range o.Int("layers") {
				layers = append(layers, &srDenseLayer{block.In(strconv.Itoa(j)).Conv2d("conv", in, growth, 3, nn.Same(3))})
				in += growth
			}
		}
		double := nn.ConvOptions{Convolution: aten.Convolution{Stride: 2, Padding: 1}}
		return append(layers,
			b.Conv2d("Bottleneck", in, channels, 1, nn.ConvOptions{}),
			b.ConvTranspose2d("convt1", channels, channels, 4, double),
			b.ConvTranspose2d("convt2", channels, channels, 4, double),
			b.Conv2d("conv2", channels, 3, 3, nn.Same(3)))
	},
}

//go:embed python/srdensenet.py
var srdensenetPython string

func srdensenetField(_ int, o models.Options) models.Field {
	growth, channels := lanes(o.Int("growth")), lanes(o.Int("channels"))
	// The last layer's input and output, and what a convolution on them works in.
	dense := 7*growth*(1+o.Int("blocks")*o.Int("layers"))/2 + 4*growth + 2*channels
	// The second transposed convolution works on a 4x4 patch of each of its input's pixels, four times as many as the network's.
	double := 4*channels + 4*16*channels + 2*16*channels
	return models.Field{
		// conv1, the layers, and one pixel around which the end, all of whose kernels are finer, stays.
		Reach: 1 + o.Int("blocks")*o.Int("layers") + 1, Align: 1, Least: 1, Floats: max(dense, double) + 128,
	}
}

// srDenseLayer appends growth channels, conv3-ReLU of its input, to that input.
type srDenseLayer struct{ conv *nn.Conv2d }

func (d *srDenseLayer) Forward(x aten.Tensor) aten.Tensor {
	return aten.Within(x, func(x aten.Tensor) aten.Tensor {
		return aten.Cat(1, x, aten.ReLUInPlace(d.conv.Forward(x)))
	})
}
