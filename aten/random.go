package aten

// #include "native/transfera.h"
import "C"

import (
	"runtime"
	"unsafe"
)

// Generator is a seeded random stream: libtorch's CPU Mersenne twister, so that its draws equal those of
// torch.Generator().manual_seed(seed). A generator belongs to one goroutine at a time.
type Generator struct{ g C.tfa_generator }

// NewGenerator returns the stream of a seed.
func NewGenerator(seed uint64) *Generator {
	g := &Generator{}
	check("generator", C.tfa_generator_new(C.uint64_t(seed), &g.g))
	runtime.SetFinalizer(g, func(g *Generator) { C.tfa_generator_free(g.g) })
	return g
}

// State returns the stream's position, to be given back to SetState.
func (g *Generator) State() []byte {
	var out C.tfa_tensor
	check("generator state", C.tfa_generator_state(g.g, &out))
	runtime.KeepAlive(g)
	return wrap(nil, out).Bytes()
}

// SetState moves the stream to a position that State returned.
func (g *Generator) SetState(state []byte) error {
	return Catch(func() {
		position := FromBytes(nil, state, len(state))
		check("generator state", C.tfa_generator_set_state(g.g, position.handle()), position)
		runtime.KeepAlive(g)
	})
}

// Normal draws a float32 tensor of standard normal values, as torch.randn(shape, generator=g). scope may be nil.
func (g *Generator) Normal(scope *Scope, shape ...int) Tensor {
	dims, rank := int64s(wide(shape))
	var out C.tfa_tensor
	check("randn", C.tfa_randn(g.g, dims, rank, &out))
	runtime.KeepAlive(g)
	return wrap(scope, out)
}

// FillNormal fills data with standard normal values: the same draws as Normal of len(data) elements.
func (g *Generator) FillNormal(data []float32) {
	if len(data) == 0 {
		return
	}
	check("randn", C.tfa_randn_memory(g.g, (*C.float)(unsafe.Pointer(&data[0])), C.int64_t(len(data))))
	runtime.KeepAlive(g)
}

// Uniform overwrites t in place with uniform values of [low, high).
func (g *Generator) Uniform(t Tensor, low, high float64) {
	check("uniform_", C.tfa_uniform_(g.g, t.handle(), C.double(low), C.double(high)), t)
	runtime.KeepAlive(g)
}

// NormalInto overwrites t in place with normal values of the given mean and standard deviation.
func (g *Generator) NormalInto(t Tensor, mean, std float64) {
	check("normal_", C.tfa_normal_(g.g, t.handle(), C.double(mean), C.double(std)), t)
	runtime.KeepAlive(g)
}

// Permutation returns the integers 0..n-1 in random order, as torch.randperm(n, generator=g).
func (g *Generator) Permutation(n int) []int64 {
	var out C.tfa_tensor
	check("randperm", C.tfa_randperm(g.g, C.int64_t(n), &out))
	runtime.KeepAlive(g)
	return wrap(nil, out).Longs()
}
