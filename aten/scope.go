package aten

// #include "native/transfera.h"
import "C"

import (
	"slices"

	torch "github.com/wangkuiyi/gotorch"
)

// Scope frees tensors deterministically: one training step or one evaluation batch is one scope. A scope belongs to one
// goroutine.
type Scope struct{ owned []Tensor }

// NewScope returns an empty scope; close it when its tensors are done with.
func NewScope() *Scope { return &Scope{} }

func (s *Scope) own(t Tensor) Tensor {
	t.scope = s
	s.owned = append(s.owned, t)
	return t
}

// Close frees every tensor that the scope still owns. It may be called more than once.
func (s *Scope) Close() {
	for i := len(s.owned) - 1; i >= 0; i-- {
		release(s.owned[i])
	}
	s.owned = s.owned[:0]
}

func release(t Tensor) {
	if *t.T != nil {
		C.tfa_tensor_free(C.tfa_tensor(*t.T))
		*t.T = nil
	}
}

// Free releases a scoped tensor before its scope closes. It does nothing to tensors without a scope.
func (t Tensor) Free() {
	if t.scope != nil && t.T != nil {
		release(t)
	}
}

// Keep takes t out of its scope: it lives until the Go garbage collector finds it unused.
func (t Tensor) Keep() Tensor {
	if t.scope == nil {
		return t
	}
	t.scope.disown(t)
	torch.SetTensorFinalizer(t.T)
	t.scope = nil
	return t
}

func (s *Scope) disown(t Tensor) {
	if i := slices.IndexFunc(s.owned, func(o Tensor) bool { return o.T == t.T }); i >= 0 {
		s.owned = slices.Delete(s.owned, i, i+1)
	}
}

// Within runs block in a scope of its own and frees all its intermediates but the result, which joins x's scope. Networks
// wrap their residual blocks in it, so that inference holds the activations of one block instead of the whole network.
func Within(x Tensor, block func(x Tensor) Tensor) Tensor {
	if x.scope == nil {
		return block(x)
	}
	inner := NewScope()
	defer inner.Close()
	inside := x
	inside.scope = inner
	result := block(inside)
	if result.T == x.T {
		return x
	}
	if result.scope == inner {
		inner.disown(result)
		result = x.scope.own(result)
	}
	return result
}
