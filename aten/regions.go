package aten

// #include "native/transfera.h"
import "C"

import (
	"runtime"
	"unsafe"
)

// Regions says how regions of an image become features of one size.
type Regions struct {
	High, Wide int     // bins of the result
	Scale      float64 // pixels of the features per pixel of the image: 1/16 for a stride of 16
	// Sampling is the number of points per bin and direction that RoIAlign averages; 0 is as many as there are pixels of
	// the features in a bin, rounded up.
	Sampling int
	// Aligned moves RoIAlign by half a pixel, so that pixels have their values in their centres.
	Aligned bool
}

// RoIAlign averages bilinear samples of the features (1,C,H,W) in the bins of each box (x1, y1, x2, y2 in pixels of the
// image) to (boxes,C,High,Wide), as torchvision.ops.roi_align (He et al. 2017). It is differentiable with respect to the
// features, and deterministic on every device.
func RoIAlign(features Tensor, boxes [][4]float32, r Regions) Tensor {
	var aligned C.int8_t
	if r.Aligned {
		aligned = 1
	}
	defer runtime.KeepAlive(boxes)
	return produce("roi_align", []Tensor{features}, func(out *C.tfa_tensor) C.tfa_error {
		return C.tfa_roi_align(features.handle(), corners(boxes), C.int64_t(len(boxes)), C.int64_t(r.High), C.int64_t(r.Wide),
			C.double(r.Scale), C.int64_t(r.Sampling), aligned, out)
	})
}

// RoIPool takes the maximum of the features (1,C,H,W) in the bins of each box, whose edges it rounds to whole pixels, as
// torchvision.ops.roi_pool (Girshick 2015). It is differentiable with respect to the features; on CUDA the order of the
// gradient's sums is not fixed.
func RoIPool(features Tensor, boxes [][4]float32, r Regions) Tensor {
	defer runtime.KeepAlive(boxes)
	return produce("roi_pool", []Tensor{features}, func(out *C.tfa_tensor) C.tfa_error {
		return C.tfa_roi_pool(features.handle(), corners(boxes), C.int64_t(len(boxes)), C.int64_t(r.High), C.int64_t(r.Wide),
			C.double(r.Scale), out)
	})
}

func corners(boxes [][4]float32) *C.float { return (*C.float)(unsafe.Pointer(unsafe.SliceData(boxes))) }
