package models

import (
	"transfera/aten"
	"transfera/models/nn"
)

// Input says how the images of a recognizer's or detector's usual evaluation are prepared.
type Input struct {
	Classes       int // of the dataset that it was made for
	Resize        int // pixels of the shorter side after resizing; as much as Crop for images that come in that size
	Crop          int // pixels of a side of the central square; 0 for detectors, which take the whole image
	Normalization Normalization
}

// Normalization is a recognizer's own (pixel - mean) / std per channel R, G, B of pixels in [0,1].
type Normalization struct{ Mean, Std [3]float32 }

// ImageNet is the normalization of networks trained on ImageNet.
var ImageNet = Normalization{Mean: [3]float32{0.485, 0.456, 0.406}, Std: [3]float32{0.229, 0.224, 0.225}}

// On returns the layer that normalizes (N,3,H,W) on a device.
func (n Normalization) On(device aten.Device) nn.Layer {
	mean := aten.FromFloats(nil, n.Mean[:], 1, 3, 1, 1).To(device)
	std := aten.FromFloats(nil, n.Std[:], 1, 3, 1, 1).To(device)
	return nn.Func(func(x aten.Tensor) aten.Tensor {
		centred := aten.Sub(x, mean)
		defer centred.Free()
		return aten.Div(centred, std)
	})
}
