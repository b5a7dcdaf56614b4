package processing

import (
	_ "embed"
	"fmt"
	"math/bits"

	"transfera/aten"
	"transfera/models"
	"transfera/models/nn"
)

// srresnet is SRResNet (Ledig et al. 2017) as in the paper's code, the default P: without options 64 channels, 5 residual
// blocks and 9x9 convolutions at both ends. Scale 1 serves denoising and JPEG-deblocking. Its tensors carry the names of the
// paper's code (block1 ... block8 for 5 blocks).
var srresnet = models.Architecture{
	Name: "srresnet",
	Doc:  "SRResNet, the paper's processor.",
	Options: []models.Option{
		{Name: "channels", Default: 64, Min: 1, Max: 1024, Doc: "Channels between the ends."},
		{Name: "blocks", Default: 5, Min: 1, Max: 64, Doc: "Residual blocks."},
		{Name: "end_kernel", Default: 9, Min: 1, Max: 15, Doc: "Odd kernel size of the first and last convolution."},
	},
	Field:  srresnetField,
	Python: srresnetPython,
	Build: func(b nn.Builder, scale int, o models.Options) nn.Layer {
		channels, blocks, kernel := o.Int("channels"), o.Int("blocks"), o.Int("end_kernel")
		number := 0
		next := func() nn.Builder { number++; return b.In(fmt.Sprintf("block%d", number)) }

		s := &srResNet{}
		head := next()
		s.head = nn.Sequential{head.Conv2d("0", 3, channels, kernel, nn.Same(kernel)), head.PReLU("1")}
		for range blocks {
			s.body = append(s.body, newSRBlock(next(), channels))
		}
		tail := next()
		s.body = append(s.body, tail.Conv2d("0", channels, channels, 3, nn.Same(3)), tail.PReLU("1"))
		end := next()
		for i := range bits.Len(uint(scale)) - 1 { // log2(scale) doublings
			s.end = append(s.end, newUpsample(end.In(fmt.Sprint(i)), channels))
		}
		s.end = append(s.end, end.Conv2d(fmt.Sprint(len(s.end)), channels, 3, kernel, nn.Same(kernel)))
		return s
	},
}

//go:embed python/srresnet.py
var srresnetPython string

func srresnetField(scale int, o models.Options) models.Field {
	reach := o.Int("end_kernel") / 2
	for s := scale; s > 1; s /= 2 {
		reach = (reach+1)/2 + 1 // in pixels of half the size, then a 3x3 convolution on those
	}
	reach += 1 + 2*o.Int("blocks") + o.Int("end_kernel")/2
	channels := lanes(o.Int("channels"))
	floats := 8 * channels // a block's input, the sum's other half, three results and one convolution's work space
	if scale > 1 {
		floats = max(floats, 11*channels*scale*scale/4) // the last doubling, on its input of half the size and what it came from
	}
	return models.Field{Reach: reach, Align: 1, Least: 1, Floats: floats + 32*scale*scale}
}

// lanes is how many channels a convolution on the CPU holds for so many: blocks of 16, or one of 8 if that is enough.
func lanes(channels int) int {
	if channels <= 8 {
		return 8
	}
	return (channels + 15) / 16 * 16
}

type srResNet struct{ head, body, end nn.Sequential }

// Forward maps (N,3,H,W) in [0,1] to (N,3,scale*H,scale*W) in [0,1].
func (s *srResNet) Forward(x aten.Tensor) aten.Tensor {
	return aten.Within(x, func(x aten.Tensor) aten.Tensor {
		first := s.head.Forward(x)
		sum := aten.AddInPlace(s.body.Forward(first), first)
		first.Free()
		return unitRange(s.end.Forward(sum))
	})
}

// unitRange maps any value to [0,1] by (tanh+1)/2.
func unitRange(x aten.Tensor) aten.Tensor {
	return aten.MulScalar(aten.AddScalar(aten.Tanh(x), 1), 0.5)
}

// srBlock is conv3-BN-PReLU-conv3-BN with an identity sum.
type srBlock struct {
	first, second *nn.ConvBN
	prelu         *nn.PReLU
}

func newSRBlock(b nn.Builder, channels int) *srBlock {
	return &srBlock{
		first:  b.ConvBN("conv1", "bn1", channels, channels, 3, nn.Same(3)),
		prelu:  b.PReLU("prelu"),
		second: b.ConvBN("conv2", "bn2", channels, channels, 3, nn.Same(3)),
	}
}

func (r *srBlock) Forward(x aten.Tensor) aten.Tensor {
	return aten.Within(x, func(x aten.Tensor) aten.Tensor {
		y := r.prelu.Forward(r.first.Forward(x))
		return aten.AddInPlace(r.second.Forward(y), x)
	})
}

// newUpsample doubles height and width: conv3 to four times the channels, pixel shuffle, PReLU.
func newUpsample(b nn.Builder, channels int) nn.Layer {
	return nn.Sequential{
		b.Conv2d("conv", channels, 4*channels, 3, nn.Same(3)),
		nn.Func(func(x aten.Tensor) aten.Tensor { return aten.PixelShuffle(x, 2) }),
		b.PReLU("prelu"),
	}
}
