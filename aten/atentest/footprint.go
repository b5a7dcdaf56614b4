package atentest

// #cgo LDFLAGS: -L${SRCDIR}/../../build/native -lcgotorch
// #include "../native/transfera.h"
import "C"

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// Footprint is what the process holds at one moment, with what Go's garbage collector could free gone.
type Footprint struct {
	Tensors     int64 // memory blocks of tensors on the CPU, of those made since the first Take
	TensorBytes int64
	Native      int64 // bytes that C and C++ hold, tensors included; -1 where the C library does not tell
	Own         int64 // bytes of memory of its own, in RAM or swapped out: no pages of files, which the kernel may take back
	Heap        int64 // bytes of live Go objects
	Goroutines  int64
	Files       int64 // open ones
}

var counting sync.Once

// CountTensors makes Take count tensors from now on. No other goroutine may use tensors during the first call.
func CountTensors() { counting.Do(func() { C.tfa_count_tensors() }) }

// Take collects garbage until no finalizer is left that frees a tensor, and looks.
func Take(t testing.TB) Footprint {
	t.Helper()
	CountTensors()
	for range 3 { // also because what a finalizer frees may hold what has one itself
		runtime.GC()
		awaitFinalizers(t)
	}
	var f Footprint
	var tensors, bytes, native C.int64_t
	C.tfa_footprint(&tensors, &bytes, &native)
	f.Tensors, f.TensorBytes, f.Native = int64(tensors), int64(bytes), int64(native)
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	f.Heap, f.Goroutines = int64(memory.HeapAlloc), int64(runtime.NumGoroutine())
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		switch name, value, _ := strings.Cut(line, ":"); name {
		case "RssAnon", "RssShmem", "VmSwap":
			var kilobytes int64
			if _, err := fmt.Sscan(value, &kilobytes); err != nil {
				t.Fatal(err)
			}
			f.Own += kilobytes << 10
		}
	}
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	f.Files = int64(len(open))
	return f
}

// awaitFinalizers waits until those have run that were waiting when it began, or most of them: in what order they run within a
// collection is not said.
func awaitFinalizers(t testing.TB) {
	t.Helper()
	ran := make(chan struct{})
	type sentinel struct{ _ [16]byte }
	runtime.SetFinalizer(&sentinel{}, func(*sentinel) { close(ran) })
	runtime.GC()
	select {
	case <-ran:
	case <-time.After(time.Minute):
		t.Fatal("finalizers do not run")
	}
}
