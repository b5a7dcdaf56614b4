package recognition

import (
	"transfera/aten"
	"transfera/models/nn"
)

func maxPool(kernel, stride, padding int) nn.Layer {
	return nn.Func(func(x aten.Tensor) aten.Tensor { return aten.MaxPool2d(x, kernel, stride, padding) })
}

func averagePool(kernel, stride int) nn.Layer {
	return nn.Func(func(x aten.Tensor) aten.Tensor { return aten.AvgPool2d(x, kernel, stride, 0) })
}

// globalAveragePool maps (N,C,H,W) to (N,C).
var globalAveragePool = nn.Func(func(x aten.Tensor) aten.Tensor {
	return aten.Within(x, func(x aten.Tensor) aten.Tensor { return aten.Flatten(aten.AdaptiveAvgPool2d(x, 1, 1), 1) })
})
