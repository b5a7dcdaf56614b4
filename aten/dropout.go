package aten

// #include "native/transfera.h"
import "C"

import "runtime"

// Dropout zeroes elements with the given probability, in [0,1) and drawn from g, and scales the rest by 1/(1-probability).
func Dropout(a Tensor, probability float64, g *Generator) Tensor {
	defer runtime.KeepAlive(g)
	return produce("dropout", []Tensor{a}, func(out *C.tfa_tensor) C.tfa_error {
		return C.tfa_dropout(a.handle(), C.double(probability), g.g, out)
	})
}

// StochasticDepth is Dropout of whole samples a[i,...] instead of elements (Huang et al. 2016).
func StochasticDepth(a Tensor, probability float64, g *Generator) Tensor {
	defer runtime.KeepAlive(g)
	return produce("stochastic_depth", []Tensor{a}, func(out *C.tfa_tensor) C.tfa_error {
		return C.tfa_stochastic_depth(a.handle(), C.double(probability), g.g, out)
	})
}
