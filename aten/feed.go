package aten

// #include "native/accelerator.h"
import "C"

import (
	"fmt"
	"unsafe"
)

// Feed copies batches to a device. On a GPU it goes through pinned memory and on a stream of its own, so that a copy runs
// beside the computation of the step before; what uses the copy waits for it. The zero Feed feeds the CPU.
type Feed struct {
	Device Device
	// ChannelsLast lays images out as (N,H,W,C) in memory. Shapes and values are the same.
	ChannelsLast bool

	held    *Held // where uploads go; nil: to new tensors
	lending bool
}

// Held is the tensors that every step's uploads go to, in their order, as captured steps need. Batches must have the shapes of
// the first one.
type Held struct {
	tensors []Tensor
	next    int
}

// Into makes the uploads of one step go to held; nil, to new tensors again.
func (f *Feed) Into(held *Held) { f.hold(held, false) }

// Lend makes the uploads of one step give what held holds already, and copy nothing.
func (f *Feed) Lend(held *Held) { f.hold(held, true) }

func (f *Feed) hold(held *Held, lending bool) {
	f.held, f.lending = held, lending
	if held != nil {
		held.next = 0
	}
}

// Floats copies data into a float32 tensor of the given shape on the device.
func (f *Feed) Floats(s *Scope, data []float32, shape ...int) Tensor {
	return feed(f, s, Float, data, shape)
}

// Longs copies data into an int64 tensor of the given shape on the device.
func (f *Feed) Longs(s *Scope, data []int64, shape ...int) Tensor {
	return feed(f, s, Long, data, shape)
}

func feed[E any](f *Feed, s *Scope, dtype DType, data []E, shape []int) Tensor {
	h := f.held
	if h == nil {
		return upload(f, s, dtype, data, shape)
	}
	switch {
	case h.next < len(h.tensors) && f.lending:
	case f.lending:
		panic(&Error{Op: "upload", Message: "a step that uploads more than the first one cannot be captured"})
	case h.next == len(h.tensors):
		h.tensors = append(h.tensors, upload(f, nil, dtype, data, shape))
	default:
		fresh := upload(f, NewScope(), dtype, data, shape)
		h.tensors[h.next].CopyFrom(fresh)
		fresh.Free()
	}
	h.next++
	return wrap(s, h.tensors[h.next-1].alias())
}

// alias is another handle of the same tensor.
func (t Tensor) alias() C.tfa_tensor {
	var out C.tfa_tensor
	empty := C.CString("")
	defer freeCString(empty)
	check("alias", C.tfa_to(t.handle(), empty, -1, &out), t)
	return out
}

func upload[E any](f *Feed, s *Scope, dtype DType, data []E, shape []int) Tensor {
	if len(data) != elements(shape) {
		panic(&Error{Op: "upload", Message: fmt.Sprintf("%d values do not fill shape %v", len(data), shape)})
	}
	name := C.CString(f.Device.String())
	defer freeCString(name)
	dims, rank := int64s(wide(shape))
	var out C.tfa_tensor
	check("upload", C.tfa_upload(unsafe.Pointer(unsafe.SliceData(data)), C.int8_t(dtype), dims, rank, name, flag(f.ChannelsLast), &out))
	return wrap(s, out)
}

// ChannelsLast returns t with its elements in the order (N,H,W,C) in memory, which GPUs are fastest with: the same shape and
// values. Tensors that have not four dimensions come back as they are.
func ChannelsLast(t Tensor) Tensor {
	return produce("channels last", []Tensor{t}, func(out *C.tfa_tensor) C.tfa_error {
		return C.tfa_channels_last(t.handle(), out)
	})
}

// IsChannelsLast tells whether t's elements lie in that order.
func (t Tensor) IsChannelsLast() bool {
	var is C.int8_t
	check("is channels last", C.tfa_is_channels_last(t.handle(), &is), t)
	return is != 0
}
