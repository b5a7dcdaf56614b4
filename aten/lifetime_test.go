package aten

import (
	"runtime"
	"testing"
)

// Operands that nothing else refers to must outlive the native call: the garbage collector runs at any moment.
func TestOperandsOutliveTheCallThatUsesThem(t *testing.T) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
			}
		}
	}()
	defer func() { close(stop); <-stopped }()
	const n, size = 16, 1 << 21 // calls long enough for a collection and its finalizers
	half := make([]float32, size)
	for i := range half {
		half[i] = 0.5
	}
	fresh := func() Tensor { return FromFloats(nil, half, size) }
	total := Full(nil, 0, size)
	for range n {
		AddInPlace(total, fresh())
		total.CopyFrom(Add(total, fresh()))
	}
	for _, v := range total.Floats() {
		if v != n {
			t.Fatalf("%v, not %v", v, n)
		}
	}
}
