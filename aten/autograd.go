package aten

// #include "native/transfera.h"
import "C"

import "runtime"

// NoGrad runs f without recording operations for backward, as torch.no_grad. Grad mode belongs to the OS thread, to which
// the goroutine is locked meanwhile.
func NoGrad(f func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before := C.tfa_set_grad_enabled(0)
	defer C.tfa_set_grad_enabled(before)
	f()
}

// SetRequiresGrad says whether Backward computes t's gradient. t must be a leaf of floating-point type.
func (t Tensor) SetRequiresGrad(required bool) {
	var flag C.int8_t
	if required {
		flag = 1
	}
	check("requires_grad_", C.tfa_set_requires_grad(t.handle(), flag), t)
}

// RequiresGrad tells whether operations on t are recorded.
func (t Tensor) RequiresGrad() bool {
	var flag C.int8_t
	check("requires_grad", C.tfa_requires_grad(t.handle(), &flag), t)
	return flag != 0
}

// Backward computes the gradients of the one-element tensor t with respect to every leaf that requires them, adding to
// gradients that are there.
func (t Tensor) Backward() { check("backward", C.tfa_backward(t.handle()), t) }

// Grad returns t's gradient, of t's shape; ok is false when t has none. The gradient joins t's scope.
func (t Tensor) Grad() (gradient Tensor, ok bool) {
	var out C.tfa_tensor
	check("grad", C.tfa_grad(t.handle(), &out), t)
	if out == nil {
		return Tensor{}, false
	}
	return wrap(t.scope, out), true
}

// ClearGrad forgets t's gradient and frees its memory.
func (t Tensor) ClearGrad() { check("clear grad", C.tfa_clear_grad(t.handle()), t) }

// Detach returns t's data cut off from what computed it: gradients stop here.
func (t Tensor) Detach() Tensor { return adopt(t.scope, "detach", t.Tensor.Detach) }
