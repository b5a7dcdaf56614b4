// Package aten is the seam to libtorch: gotorch's tensors and operators plus what gotorch lacks, with deterministic freeing
// and errors that Go can handle.
//
// Conventions:
//   - Operators on tensors panic with an *Error when libtorch refuses; everything else returns errors. Catch recovers such
//     panics once, at the edge of a stage.
//   - A Scope owns the tensors made from it and frees them when it closes. The result of an operator belongs to the scope of
//     the first operand that has one; a result of operands without a scope (network parameters) belongs to the Go garbage
//     collector. Keep takes a tensor out of its scope.
//   - Tensors are handles: copying a Tensor copies the handle, not the data.
package aten

// #cgo LDFLAGS: -L${SRCDIR}/../build/native -Wl,-rpath,${SRCDIR}/../build/native -Wl,-rpath,$ORIGIN/../build/native -lcgotorch
// #include "native/transfera.h"
import "C"

import (
	"fmt"
	"math"
	"runtime"
	"unsafe"

	torch "github.com/wangkuiyi/gotorch"
)

// DType is the element type of a tensor, numbered as c10::ScalarType.
type DType int8

// The element types that transfera uses.
const (
	Byte    = DType(torch.Byte)
	Long    = DType(torch.Long)
	Half    = DType(torch.Half)
	Float   = DType(torch.Float)
	Double  = DType(torch.Double)
	Boolean = DType(torch.Bool)
)

const maxRank = 8

// Tensor is a handle to a libtorch tensor; the embedded torch.Tensor is gotorch's view of the same handle. The zero Tensor
// is "no tensor", which operators take where an operand is optional (a convolution without bias).
type Tensor struct {
	torch.Tensor
	scope *Scope
}

// Defined tells whether t is a live tensor.
func (t Tensor) Defined() bool { return t.T != nil && *t.T != nil }

func (t Tensor) handle() C.tfa_tensor {
	if t.T == nil {
		return nil
	}
	if *t.T == nil {
		panic(&Error{Op: "use", Message: "tensor used after its scope was closed"})
	}
	return C.tfa_tensor(*t.T)
}

// wrap makes a Tensor of a fresh native handle and gives it to scope, or to the garbage collector without one.
func wrap(scope *Scope, h C.tfa_tensor) Tensor {
	p := new(unsafe.Pointer)
	*p = unsafe.Pointer(h)
	t := Tensor{Tensor: torch.Tensor{T: p}}
	if scope == nil {
		torch.SetTensorFinalizer(p)
		return t
	}
	return scope.own(t)
}

// adopt runs an operator of gotorch and gives its result to scope.
//
//go:noinline
func adopt(scope *Scope, op string, run func() torch.Tensor) Tensor {
	t := Tensor{Tensor: gotorch(op, run)}
	runtime.KeepAlive(run) // and with it the operands that it holds, which gotorch lets go while it works on them
	if scope == nil {
		return t
	}
	runtime.SetFinalizer(t.T, nil)
	return scope.own(t)
}

// New operators follow this shape: the native call fills a handle, the result joins the scope of the operands.
//
//go:noinline
func produce(op string, operands []Tensor, call func(out *C.tfa_tensor) C.tfa_error) Tensor {
	var out C.tfa_tensor
	check(op, call(&out))
	runtime.KeepAlive(operands)
	runtime.KeepAlive(call) // holds what is no operand, such as a generator
	return wrap(scopeOf(operands...), out)
}

func scopeOf(operands ...Tensor) *Scope {
	for _, t := range operands {
		if t.scope != nil {
			return t.scope
		}
	}
	return nil
}

func int64s(v []int64) (*C.int64_t, C.int64_t) {
	if len(v) == 0 {
		return nil, 0
	}
	return (*C.int64_t)(unsafe.Pointer(&v[0])), C.int64_t(len(v))
}

func wide(v []int) []int64 {
	w := make([]int64, len(v))
	for i, n := range v {
		w[i] = int64(n)
	}
	return w
}

func elements(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

func fromMemory[E any](scope *Scope, dtype DType, data []E, shape []int) Tensor {
	if len(data) != elements(shape) {
		panic(&Error{Op: "from memory", Message: fmt.Sprintf("%d values do not fill shape %v", len(data), shape)})
	}
	dims, rank := int64s(wide(shape))
	var out C.tfa_tensor
	check("from memory", C.tfa_from_memory(unsafe.Pointer(unsafe.SliceData(data)), C.int8_t(dtype), dims, rank, &out))
	return wrap(scope, out)
}

// FromFloats copies data into a float32 tensor of the given shape. scope may be nil.
func FromFloats(scope *Scope, data []float32, shape ...int) Tensor {
	return fromMemory(scope, Float, data, shape)
}

// FromLongs copies data into an int64 tensor of the given shape. scope may be nil.
func FromLongs(scope *Scope, data []int64, shape ...int) Tensor {
	return fromMemory(scope, Long, data, shape)
}

// FromBytes copies data into a uint8 tensor of the given shape. scope may be nil.
func FromBytes(scope *Scope, data []uint8, shape ...int) Tensor {
	return fromMemory(scope, Byte, data, shape)
}

// FromData copies raw little-endian element bytes into a tensor of any element type. scope may be nil.
func FromData(scope *Scope, dtype DType, data []byte, shape ...int) Tensor {
	if want := elements(shape) * dtype.Size(); len(data) != want {
		panic(&Error{Op: "from memory", Message: fmt.Sprintf("%d bytes do not fill shape %v, which takes %d", len(data), shape, want)})
	}
	dims, rank := int64s(wide(shape))
	var out C.tfa_tensor
	check("from memory", C.tfa_from_memory(unsafe.Pointer(unsafe.SliceData(data)), C.int8_t(dtype), dims, rank, &out))
	return wrap(scope, out)
}

// Size returns the bytes of one element.
func (d DType) Size() int {
	switch d {
	case Byte, Boolean:
		return 1
	case Half, BFloat16:
		return 2
	case Float:
		return 4
	case Long, Double:
		return 8
	}
	panic(&Error{Op: "element size", Message: fmt.Sprintf("element type %d is not supported", d)})
}

// Full returns a float32 tensor of one value. scope may be nil.
func Full(scope *Scope, value float64, shape ...int) Tensor {
	dims, rank := int64s(wide(shape))
	var out C.tfa_tensor
	check("full", C.tfa_full(C.double(value), C.int8_t(Float), dims, rank, &out))
	return wrap(scope, out)
}

// Empty makes a float tensor on the CPU with whatever was in its memory: to be overwritten.
func Empty(scope *Scope, shape ...int) Tensor {
	dims, rank := int64s(wide(shape))
	var out C.tfa_tensor
	check("empty", C.tfa_empty(C.int8_t(Float), dims, rank, &out))
	return wrap(scope, out)
}

func (t Tensor) describe() (DType, []int) {
	var dtype C.int8_t
	var rank C.int64_t
	var dims [maxRank]C.int64_t
	check("describe", C.tfa_describe(t.handle(), &dtype, &rank, &dims[0], maxRank), t)
	shape := make([]int, rank)
	for i := range shape {
		shape[i] = int(dims[i])
	}
	return DType(dtype), shape
}

// Shape returns the size of every dimension.
func (t Tensor) Shape() []int {
	_, shape := t.describe()
	return shape
}

// Dim returns the size of dimension d.
func (t Tensor) Dim(d int) int { return t.Shape()[d] }

// Type returns the element type.
func (t Tensor) Type() DType {
	dtype, _ := t.describe()
	return dtype
}

func toMemory[E any](t Tensor, want DType) []E {
	dtype, shape := t.describe()
	if dtype != want {
		t = t.Cast(want)
		defer t.Free()
	}
	data := make([]E, elements(shape))
	check("to memory", C.tfa_to_memory(t.handle(), unsafe.Pointer(unsafe.SliceData(data)), C.int64_t(len(data)*want.Size())), t)
	return data
}

// Floats copies the elements, as float32 and in row-major order, to Go.
func (t Tensor) Floats() []float32 { return toMemory[float32](t, Float) }

// Doubles copies the elements, as float64 and in row-major order, to Go.
func (t Tensor) Doubles() []float64 { return toMemory[float64](t, Double) }

// Longs copies the elements, as int64 and in row-major order, to Go.
func (t Tensor) Longs() []int64 { return toMemory[int64](t, Long) }

// Bytes copies the elements, as uint8 and in row-major order, to Go.
func (t Tensor) Bytes() []uint8 { return toMemory[uint8](t, Byte) }

// Data copies the raw little-endian bytes of the elements to Go, in row-major order.
func (t Tensor) Data() []byte {
	dtype, shape := t.describe()
	data := make([]byte, elements(shape)*dtype.Size())
	check("to memory", C.tfa_to_memory(t.handle(), unsafe.Pointer(unsafe.SliceData(data)), C.int64_t(len(data))), t)
	return data
}

// Item returns the value of a one-element tensor.
func (t Tensor) Item() float64 {
	var value C.double
	check("item", C.tfa_item(t.handle(), &value), t)
	return float64(value)
}

// Finite tells whether a one-element tensor is neither NaN nor infinite.
func (t Tensor) Finite() bool {
	v := t.Item()
	return !math.IsNaN(v) && !math.IsInf(v, 0)
}

// FirstNotFinite returns the index of the first tensor that holds NaN or infinities, -1 where none does. Integers are finite.
func FirstNotFinite(tensors ...Tensor) int {
	handles := make([]C.tfa_tensor, max(1, len(tensors)))
	for i, t := range tensors {
		handles[i] = t.handle()
	}
	var first C.int64_t
	check("first not finite", C.tfa_first_not_finite(&handles[0], C.int64_t(len(tensors)), &first), tensors)
	return int(first)
}

// CopyFrom overwrites t's elements in place with source's, outside autograd. The shapes must be equal.
func (t Tensor) CopyFrom(source Tensor) {
	check("copy", C.tfa_copy(t.handle(), source.handle()), t, source)
}

// Cast returns t with another element type.
func (t Tensor) Cast(dtype DType) Tensor { return t.to("", dtype) }

// To returns t on a device; t itself when it is there already.
func (t Tensor) To(device Device) Tensor { return t.to(device.String(), -1) }

func (t Tensor) to(device string, dtype DType) Tensor {
	name := C.CString(device)
	defer freeCString(name)
	return produce("to", []Tensor{t}, func(out *C.tfa_tensor) C.tfa_error {
		return C.tfa_to(t.handle(), name, C.int8_t(dtype), out)
	})
}

// Identical tells whether two tensors have the same shape and bit-identical elements.
func Identical(a, b Tensor) bool {
	var equal C.int8_t
	check("equal", C.tfa_equal(a.handle(), b.handle(), &equal), a, b)
	return equal != 0
}
