package aten

// #include "native/transfera.h"
import "C"

// BinaryCrossEntropy returns the mean over all elements of the cross-entropy between targets, in [0,1], and the probabilities
// sigmoid(logits).
func BinaryCrossEntropy(logits, targets Tensor) Tensor {
	return produce("binary_cross_entropy_with_logits", []Tensor{logits, targets}, func(out *C.tfa_tensor) C.tfa_error {
		return C.tfa_binary_cross_entropy(logits.handle(), targets.handle(), out)
	})
}

// SmoothL1Sum returns the sum over all elements of d^2 / (2 beta) where the distance d of a and b is less than beta > 0, and
// of d - beta/2 elsewhere (Girshick 2015).
func SmoothL1Sum(a, b Tensor, beta float64) Tensor {
	return produce("smooth_l1_loss", []Tensor{a, b}, func(out *C.tfa_tensor) C.tfa_error {
		return C.tfa_smooth_l1(a.handle(), b.handle(), C.double(beta), out)
	})
}
