package aten

// #include "native/transfera.h"
import "C"

import "runtime"

// Dropout zeroes elements with the given probability, in [0,1) and drawn from g, and scales the rest by 1/(1-probability).
func Dropout(a Tensor, probability float64, g *Generator) Tensor {
	return PartDropout(a, probability, g, 0, a.Dim(0))
}

// StochasticDepth is Dropout of whole samples a[i,...] instead of elements (Huang et al. 2016).
func StochasticDepth(a Tensor, probability float64, g *Generator) Tensor {
	return PartStochasticDepth(a, probability, g, 0, a.Dim(0))
}

// PartDropout is Dropout of the samples a that lie in a batch of whole samples from place before on, as Dropout of that batch
// would do it.
func PartDropout(a Tensor, probability float64, g *Generator, before, whole int) Tensor {
	defer runtime.KeepAlive(g)
	return produce("dropout", []Tensor{a}, func(out *C.tfa_tensor) C.tfa_error {
		return C.tfa_dropout(a.handle(), C.double(probability), g.g, C.int64_t(before), C.int64_t(whole), out)
	})
}

// PartStochasticDepth is to StochasticDepth what PartDropout is to Dropout.
func PartStochasticDepth(a Tensor, probability float64, g *Generator, before, whole int) Tensor {
	defer runtime.KeepAlive(g)
	return produce("stochastic_depth", []Tensor{a}, func(out *C.tfa_tensor) C.tfa_error {
		return C.tfa_stochastic_depth(a.handle(), C.double(probability), g.g, C.int64_t(before), C.int64_t(whole), out)
	})
}
