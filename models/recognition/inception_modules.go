package recognition

import (
	"transfera/aten"
	"transfera/models/nn"
)

// a is figure 5 of the paper: 1x1, 5x5 and two 3x3 convolutions.
func (i inception) a(in, pooled int) nn.Layer {
	return parallel{
		i.convolution("branch1x1", in, 64, square(1)),
		nn.Sequential{
			i.convolution("branch5x5_1", in, 48, square(1)),
			i.convolution("branch5x5_2", 48, 64, square(5)),
		},
		nn.Sequential{
			i.convolution("branch3x3dbl_1", in, 64, square(1)),
			i.convolution("branch3x3dbl_2", 64, 96, square(3)),
			i.convolution("branch3x3dbl_3", 96, 96, square(3)),
		},
		i.pooled(in, pooled),
	}
}

// pooled is the branch that averages over neighbours first.
func (i inception) pooled(in, out int) nn.Layer {
	return nn.Sequential{
		nn.Func(func(x aten.Tensor) aten.Tensor { return aten.AvgPool2dCountingPadding(x, 3, 1, 1) }),
		i.convolution("branch_pool", in, out, square(1)),
	}
}

// b halves the size and widens to 768 channels.
func (i inception) b(in int) nn.Layer {
	return parallel{
		i.convolution("branch3x3", in, 384, strided),
		nn.Sequential{
			i.convolution("branch3x3dbl_1", in, 64, square(1)),
			i.convolution("branch3x3dbl_2", 64, 96, square(3)),
			i.convolution("branch3x3dbl_3", 96, 96, strided),
		},
		maxPool(3, 2, 0),
	}
}

// c is figure 6 of the paper for 768 channels: 7x7 convolutions as rows and columns, of the given inner width.
func (i inception) c(width int) nn.Layer {
	return parallel{
		i.convolution("branch1x1", 768, 192, square(1)),
		nn.Sequential{
			i.convolution("branch7x7_1", 768, width, square(1)),
			i.convolution("branch7x7_2", width, width, row(7)),
			i.convolution("branch7x7_3", width, 192, column(7)),
		},
		nn.Sequential{
			i.convolution("branch7x7dbl_1", 768, width, square(1)),
			i.convolution("branch7x7dbl_2", width, width, column(7)),
			i.convolution("branch7x7dbl_3", width, width, row(7)),
			i.convolution("branch7x7dbl_4", width, width, column(7)),
			i.convolution("branch7x7dbl_5", width, 192, row(7)),
		},
		i.pooled(768, 192),
	}
}

// d halves the size and widens by 512 channels.
func (i inception) d(in int) nn.Layer {
	return parallel{
		nn.Sequential{
			i.convolution("branch3x3_1", in, 192, square(1)),
			i.convolution("branch3x3_2", 192, 320, strided),
		},
		nn.Sequential{
			i.convolution("branch7x7x3_1", in, 192, square(1)),
			i.convolution("branch7x7x3_2", 192, 192, row(7)),
			i.convolution("branch7x7x3_3", 192, 192, column(7)),
			i.convolution("branch7x7x3_4", 192, 192, strided),
		},
		maxPool(3, 2, 0),
	}
}

// e is figure 7 of the paper: rows and columns side by side, to 2048 channels.
func (i inception) e(in int) nn.Layer {
	return parallel{
		i.convolution("branch1x1", in, 320, square(1)),
		nn.Sequential{
			i.convolution("branch3x3_1", in, 384, square(1)),
			parallel{i.convolution("branch3x3_2a", 384, 384, row(3)), i.convolution("branch3x3_2b", 384, 384, column(3))},
		},
		nn.Sequential{
			i.convolution("branch3x3dbl_1", in, 448, square(1)),
			i.convolution("branch3x3dbl_2", 448, 384, square(3)),
			parallel{i.convolution("branch3x3dbl_3a", 384, 384, row(3)), i.convolution("branch3x3dbl_3b", 384, 384, column(3))},
		},
		i.pooled(in, 192),
	}
}

// registerAuxiliary adds the parameters of the auxiliary classifier on Mixed_6e, so that torchvision's files fit and ours fit
// torchvision. Nothing computes with it: recognition uses the main classifier, and in training from scratch it would be no
// more than a regularizer (section 4 of the paper).
func (i inception) registerAuxiliary(classes int) {
	i = i.module("AuxLogits")
	i.convolution("conv0", 768, 128, square(1))
	i.convolution("conv1", 128, 768, kernel{5, nn.ConvOptions{}})
	i.Initialized(nn.Initialization{Linear: nn.Normal(0.001)}).Linear("fc", 768, classes)
}
