package aten

// #include "native/accelerator.h"
import "C"

// Readback is values on their way from a device to Go.
type Readback struct {
	native C.tfa_readback
	count  int
}

// ReadBack begins to read one-element tensors without waiting for what computes them. Undefined tensors read as NaN. Values
// must be called once.
func ReadBack(tensors ...Tensor) *Readback {
	r := &Readback{count: len(tensors)}
	handles := make([]C.tfa_tensor, max(1, len(tensors)))
	for i, t := range tensors {
		handles[i] = t.handle()
	}
	check("read back", C.tfa_readback_begin(&handles[0], C.int64_t(len(tensors)), &r.native), tensors)
	return r
}

// Values waits for the values.
func (r *Readback) Values() []float64 {
	if r.native == nil {
		panic(&Error{Op: "read back", Message: "values were taken already"})
	}
	values := make([]float64, r.count)
	native := r.native
	r.native = nil
	room := make([]C.double, max(1, r.count))
	check("read back", C.tfa_readback_end(native, &room[0]), r)
	for i := range values {
		values[i] = float64(room[i])
	}
	return values
}

// Synchronize waits until the device has done all that it was asked for.
func Synchronize(device Device) {
	name := C.CString(device.String())
	defer freeCString(name)
	check("synchronize", C.tfa_synchronize(name))
}

// DeviceMemory returns the most bytes that tensors on a GPU held at once since the last reset, and those that they hold now.
// Both are 0 for the CPU and where libtorch has no CUDA.
func DeviceMemory(device Device, reset bool) (peak, current int64) {
	name := C.CString(device.String())
	defer freeCString(name)
	var most, now C.int64_t
	check("device memory", C.tfa_device_memory(name, flag(reset), &most, &now))
	return int64(most), int64(now)
}
