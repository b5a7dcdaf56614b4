package aten

// #include "native/transfera.h"
import "C"

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
)

// Device is where tensors live and operators run: "cpu", "cuda" or "cuda:N".
type Device struct{ name string }

// CPU is the default device.
var CPU = Device{"cpu"}

func (d Device) String() string {
	if d.name == "" {
		return "cpu"
	}
	return d.name
}

// IsCPU tells whether d is the CPU.
func (d Device) IsCPU() bool { return d.String() == "cpu" }

// ParseDevice reads auto, cpu, cuda or cuda:N. auto is the first GPU if this libtorch sees one, and the CPU otherwise.
func ParseDevice(name string) (Device, error) {
	switch {
	case name == "auto" && CUDAAvailable():
		return Device{"cuda:0"}, nil
	case name == "auto", name == "cpu":
		return CPU, nil
	case name == "cuda":
		name = "cuda:0"
	}
	index, found := strings.CutPrefix(name, "cuda:")
	if _, err := strconv.ParseUint(index, 10, 8); !found || err != nil {
		return CPU, fmt.Errorf("unknown device %q; use auto, cpu, cuda or cuda:N", name)
	}
	if C.tfa_cuda_built() == 0 {
		return CPU, fmt.Errorf("device %s: this libtorch %s has no CUDA; use --device cpu, or rebuild the native half with scripts/setup.sh --libtorch or --python naming one that has", name, LibtorchVersion())
	}
	if !CUDAAvailable() {
		return CPU, fmt.Errorf("device %s: no usable GPU or driver on this machine; use --device cpu", name)
	}
	return Device{name}, nil
}

// DeviceElsewhere is a device of another machine, by what its String is there. It can be named in plans, and nothing more.
func DeviceElsewhere(name string) Device { return Device{name} }

// CUDAAvailable tells whether libtorch has CUDA and sees a GPU.
func CUDAAvailable() bool { return C.tfa_cuda_available() != 0 }

// LibtorchVersion returns the version that the native half was compiled against, such as "1.13.1".
func LibtorchVersion() string { return C.GoString(C.tfa_libtorch_version()) }

// SetThreads sets how many threads one operator may use. CPU results are bit-identical between runs of one thread count.
// libtorch keeps the number for the calling OS thread, while that of OpenBLAS, which multiplies matrices, is the whole
// process's: stages that run side by side want the same one.
func SetThreads(n int) { C.tfa_set_threads(C.int32_t(n)) }

// Threads returns how many threads one operator may use.
func Threads() int { return int(C.tfa_threads()) }

func init() {
	// gotorch halves libtorch's default; whoever wants fewer calls SetThreads.
	SetThreads(runtime.NumCPU())
}
