package recognition

import (
	"fmt"

	"transfera/aten"
	"transfera/models"
	"transfera/models/nn"
)

// cifarResNets are the ResNets of He et al. 2016, section 4.2, for 32x32 images: three stages of 16, 32 and 64 channels and
// shortcuts without parameters (option A). Tensor names are those of the public akamaster/pytorch_resnet_cifar10 weights.
var cifarResNets = []models.Architecture{
	cifarResNet(20), cifarResNet(32), cifarResNet(44), cifarResNet(56), cifarResNet(110),
}

func cifarResNet(depth int) models.Architecture {
	return models.Architecture{
		Name:  fmt.Sprintf("cifar-resnet%d", depth),
		Doc:   fmt.Sprintf("ResNet-%d for 32x32 images, parameter-free shortcuts.", depth),
		Input: smallImages,
		Build: func(b nn.Builder, classes int, _ models.Options) nn.Layer {
			stages := nn.Sequential{b.ConvBN("conv1", "bn1", 3, 16, 3, nn.Same(3).WithoutBias()), nn.Func(aten.ReLUInPlace)}
			in := 16
			for s, out := range []int{16, 32, 64} {
				stage := b.In(fmt.Sprintf("layer%d", s+1))
				for i := range (depth - 2) / 6 {
					stages = append(stages, newBasicBlock(stage.In(fmt.Sprint(i)), in, out, paddedShortcut(in, out)))
					in = out
				}
			}
			return append(stages, globalAveragePool, b.Linear("linear", 64, classes))
		},
	}
}

// paddedShortcut is option A: every other pixel, with zero channels added on both sides.
func paddedShortcut(in, out int) nn.Layer {
	if in == out {
		return nil
	}
	return nn.Func(func(x aten.Tensor) aten.Tensor {
		shape := x.Shape()
		rows := aten.Slice(x, 2, 0, shape[2], 2)
		return aten.PadZero(aten.Slice(rows, 3, 0, shape[3], 2), 0, 0, 0, 0, (out-in)/2, (out-in)/2)
	})
}

// basicBlock is conv3-BN-ReLU-conv3-BN plus a shortcut, then ReLU. A block that widens halves height and width.
type basicBlock struct {
	first, second *nn.ConvBN
	shortcut      nn.Layer // nil is the identity
}

func newBasicBlock(b nn.Builder, in, out int, shortcut nn.Layer) *basicBlock {
	reduce := nn.Same(3).WithoutBias()
	if in != out {
		reduce.Stride = 2
	}
	return &basicBlock{
		first:    b.ConvBN("conv1", "bn1", in, out, 3, reduce),
		second:   b.ConvBN("conv2", "bn2", out, out, 3, nn.Same(3).WithoutBias()),
		shortcut: shortcut,
	}
}

func (r *basicBlock) Forward(x aten.Tensor) aten.Tensor {
	return aten.Within(x, func(x aten.Tensor) aten.Tensor {
		y := r.second.Forward(aten.ReLUInPlace(r.first.Forward(x)))
		if r.shortcut != nil {
			x = r.shortcut.Forward(x)
		}
		return aten.ReLUInPlace(aten.AddInPlace(y, x))
	})
}
