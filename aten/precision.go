package aten

// #include "native/accelerator.h"
import "C"

import "runtime"

// BFloat16 is float32 with 8 bits of mantissa instead of 24: what Autocast computes in.
const BFloat16 = DType(15)

// Autocast runs f, in which convolutions and matrix products on device compute in bfloat16 while weights stay in float32, as
// torch.autocast. Autocast belongs to the OS thread, to which the goroutine is locked meanwhile. Calls do not nest.
func Autocast(device Device, f func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	name := C.CString(device.String())
	defer freeCString(name)
	check("autocast", C.tfa_autocast(name, 1))
	defer func() { check("autocast", C.tfa_autocast(name, 0)) }()
	f()
}

// AllowTF32 says whether matrix products and convolutions on NVIDIA GPUs may round what they multiply to 11 bits of mantissa.
// It holds for the whole process from the next operator on; at first it is false, unlike PyTorch's default.
func AllowTF32(allowed bool) { C.tfa_allow_tf32(flag(allowed)) }

// TuneConvolutions lets a GPU time its ways to compute a convolution of a new shape and take the fastest. Which one that is
// may differ between runs, and with it the rounding. It holds for the whole process; at first it is off.
func TuneConvolutions(enabled bool) { C.tfa_tune_convolutions(flag(enabled)) }

func flag(on bool) C.int8_t {
	if on {
		return 1
	}
	return 0
}

func init() { AllowTF32(false) }
