package detection

import (
	"fmt"

	"transfera/aten"
	"transfera/models"
	"transfera/models/nn"
)

// shapes is a small Faster R-CNN for images of 64 to 128 pixels a side. It trains from scratch on one image at a time, which
// BatchNorm cannot, so that it normalizes groups of channels instead.
var shapes = models.Architecture{
	Name:    "shapes-faster-rcnn",
	Doc:     "Small Faster R-CNN with GroupNorm for images of 64 to 128 pixels.",
	Input:   smallScenes,
	Detects: true,
	Options: append(options(16, 400, 100, 50, 64, 5),
		models.Option{Name: "width", Default: 16, Min: 4, Max: 512, Doc: "Channels of the first of three stages, rounded down to a multiple of 4; each stage doubles them."},
		hidden),
	Build: func(b nn.Builder, classes int, o models.Options) nn.Layer {
		width, size := o.Int("width")/4*4, o.Int("roi_size")
		var backbone nn.Sequential
		in := 3
		for s := range 3 {
			stage, out := b.In("backbone").In(fmt.Sprintf("layer%d", s+1)), width<<s
			reduce := nn.Same(3).WithoutBias()
			reduce.Stride = 2
			backbone = append(backbone,
				stage.Conv2d("conv1", in, out, 3, reduce), stage.GroupNorm("norm1", 4, out), nn.Func(aten.ReLUInPlace),
				&plainBlock{nn.Sequential{
					stage.Conv2d("conv2", out, out, 3, nn.Same(3).WithoutBias()), stage.GroupNorm("norm2", 4, out),
				}})
			in = out
		}
		return newNetwork(b, trunk{
			backbone: backbone, channels: in, stride: 8,
			head: connected(b, in*size*size, o.Int("hidden"), 0), width: o.Int("hidden"),
		}, classes, o)
	},
}

// hidden is an option of small detectors.
var hidden = models.Option{Name: "hidden", Default: 128, Min: 1, Max: 4096, Doc: "Features of the head's two fully connected layers."}

// plainBlock is its branch plus its input, then ReLU.
type plainBlock struct{ branch nn.Layer }

func (p *plainBlock) Forward(x aten.Tensor) aten.Tensor {
	return aten.Within(x, func(x aten.Tensor) aten.Tensor {
		return aten.ReLUInPlace(aten.AddInPlace(p.branch.Forward(x), x))
	})
}
