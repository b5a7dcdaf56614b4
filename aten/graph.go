package aten

// #include "native/accelerator.h"
import "C"

import (
	"errors"
	"runtime"
)

// CUDAGraphs tells, with nil, that Capture works on a device, or why not.
func CUDAGraphs(device Device) error {
	if device.IsCPU() {
		return errors.New("CUDA graphs need a GPU")
	}
	var reason C.tfa_error
	C.tfa_graph_missing(&reason)
	if reason == nil {
		return nil
	}
	defer C.tfa_free_string(reason)
	return errors.New(C.GoString(reason))
}

// Graph is work that was captured to be done again, in one launch.
type Graph struct{ native C.tfa_graph }

// Capture records what f asks of the device instead of doing it. f must not wait for the device or read from it; the tensors
// that it uses and makes must live as long as the graph, at the same places. Close the graph when it is not needed any more.
func Capture(device Device, f func()) (graph *Graph, err error) {
	if err := CUDAGraphs(device); err != nil {
		return nil, err
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	name := C.CString(device.String())
	defer freeCString(name)
	err = Catch(func() {
		var native C.tfa_graph
		check("begin capture", C.tfa_graph_begin(name, &native))
		graph = &Graph{native}
		f()
		check("end capture", C.tfa_graph_end(native), graph)
	})
	if err != nil && graph != nil {
		graph.Close()
		graph = nil
	}
	return graph, err
}

// Replay does the work.
func (g *Graph) Replay() { check("replay", C.tfa_graph_replay(g.native), g) }

// Close frees the graph. It may be called more than once.
func (g *Graph) Close() {
	if g.native != nil {
		C.tfa_graph_free(g.native)
		g.native = nil
	}
}
