package aten

// #include <stdlib.h>
// #include "native/transfera.h"
import "C"

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"
	"unsafe"
)

// Meeting is the TCP store at which processes meet: one of them serves it.
type Meeting struct {
	Host   string
	Port   int
	native C.tfa_store
}

// Meet serves a store, at a port of its choice if port is 0, or connects to the one that another process serves, for which it
// waits until timeout. Close it at the end; when the server does, the other processes' calls fail.
func Meet(host string, port int, serve bool, timeout time.Duration) (*Meeting, error) {
	m := &Meeting{Host: host}
	name := C.CString(host)
	defer freeCString(name)
	var flag C.int8_t
	if serve {
		flag = 1
	}
	var actual C.int32_t
	err := Catch(func() {
		check("meet", C.tfa_store_new(name, C.int32_t(port), flag, C.int64_t(timeout.Milliseconds()), &m.native, &actual))
	})
	m.Port = int(actual)
	return m, err
}

// Set stores a value, which every process can see when it returns. No two values share a key.
func (m *Meeting) Set(key string, value []byte) error {
	name := C.CString(key)
	defer freeCString(name)
	value = append(value, '\n') // the store confuses empty values with absent ones
	return Catch(func() {
		check("tell the other processes", C.tfa_store_set(m.native, name, unsafe.Pointer(&value[0]), C.int64_t(len(value))))
	})
}

// Get returns the value of a key; ok is false while there is none.
func (m *Meeting) Get(key string) (value []byte, ok bool, err error) {
	name := C.CString(key)
	defer freeCString(name)
	err = Catch(func() {
		var there C.int8_t
		check("ask the other processes", C.tfa_store_check(m.native, name, &there))
		if there == 0 {
			return
		}
		var out C.tfa_tensor
		check("ask the other processes", C.tfa_store_get(m.native, name, &out))
		value, ok = wrap(nil, out).Bytes(), true
		value = value[:len(value)-1]
	})
	return value, ok, err
}

// Close leaves the meeting.
func (m *Meeting) Close() {
	if m.native != nil {
		C.tfa_store_free(m.native)
		m.native = nil
	}
}

// Group is a number of processes that compute together. Each calls the same methods in the same order.
type Group struct {
	Rank, Size int
	device     Device // of what is added up
	native     C.tfa_group
}

// Backend is the library by which processes on a device talk: gloo on the CPU, nccl on GPUs.
func Backend(device Device) string {
	if device == CPU {
		return "gloo"
	}
	return "nccl"
}

// HasBackend tells whether this native half can use a library.
func HasBackend(name string) bool {
	c := C.CString(name)
	defer freeCString(c)
	return C.tfa_has_backend(c) != 0
}

// Join makes the group called name of all processes of a meeting, once they all have joined. A collective operation that
// takes longer than timeout is an error.
func (m *Meeting) Join(name string, rank, size int, device Device, timeout time.Duration) (*Group, error) {
	g := &Group{Rank: rank, Size: size, device: device}
	host, prefix, backend := C.CString(m.Host), C.CString(name), C.CString(Backend(device))
	defer freeCString(host)
	defer freeCString(prefix)
	defer freeCString(backend)
	return g, Catch(func() {
		check("join the other processes", C.tfa_group_new(host, C.int32_t(m.Port), prefix, backend,
			C.int64_t(rank), C.int64_t(size), C.int64_t(timeout.Milliseconds()), &g.native))
	})
}

// Close leaves the group: what the others still expect of this process fails.
func (g *Group) Close() {
	if g.native != nil {
		C.tfa_group_free(g.native)
		g.native = nil
	}
}

// Lost tells whether an error is the end of another process, or its leaving the group.
func Lost(err error) bool {
	var native *Error
	return errors.As(err, &native) && strings.Contains(native.Message, C.TFA_LOST)
}

// AllReduce overwrites t with the sum over all processes, the same bits everywhere. t is on the group's device.
func (g *Group) AllReduce(t Tensor) {
	check("all-reduce", C.tfa_all_reduce(g.native, t.handle()), t)
	runtime.KeepAlive(g)
}

// Sum adds up values over all processes.
func (g *Group) Sum(values []float64) (sums []float64, err error) {
	if len(values) == 0 {
		return nil, nil
	}
	err = Catch(func() {
		s := NewScope()
		defer s.Close()
		t := fromMemory(s, Double, values, []int{len(values)}).To(g.device)
		g.AllReduce(t)
		sums = t.Doubles()
	})
	return sums, err
}

// Gather returns what each process, by rank, has given.
func (g *Group) Gather(own []byte) (all [][]byte, err error) {
	lengths := make([]float64, g.Size)
	lengths[g.Rank] = float64(len(own))
	if lengths, err = g.Sum(lengths); err != nil {
		return nil, err
	}
	total, start := 0, 0
	for rank, n := range lengths {
		if rank == g.Rank {
			start = total
		}
		total += int(n)
	}
	together := make([]byte, total)
	copy(together[start:], own) // the others add to zeros
	if total > 0 {
		err = Catch(func() {
			s := NewScope()
			defer s.Close()
			t := FromBytes(s, together, total).To(g.device)
			g.AllReduce(t)
			together = t.Bytes()
		})
		if err != nil {
			return nil, err
		}
	}
	for _, n := range lengths {
		all = append(all, together[:int(n):int(n)])
		together = together[int(n):]
	}
	return all, nil
}

// SyncBatchNorm is BatchNorm in training by the statistics of all processes' images together. An idle process takes part, but
// its images do not count.
func (g *Group) SyncBatchNorm(x, runningMean, runningVar, weight, bias Tensor, momentum, epsilon float64, idle bool) Tensor {
	var flag C.int8_t
	if idle {
		flag = 1
	}
	defer runtime.KeepAlive(g)
	return produce("sync_batch_norm", []Tensor{x, weight, bias, runningMean, runningVar}, func(out *C.tfa_tensor) C.tfa_error {
		return C.tfa_sync_batch_norm(g.native, x.handle(), runningMean.handle(), runningVar.handle(), weight.handle(), bias.handle(),
			C.double(momentum), C.double(epsilon), flag, out)
	})
}

// Reducer averages the gradients of a fixed list of parameters over a group.
type Reducer struct {
	native     C.tfa_reducer
	parameters []Tensor
}

// BucketBytes is how much memory the gradients have that go out together, as in PyTorch.
const BucketBytes = 25 << 20

// NewReducer watches parameters, on the group's device. Close it before the group.
func (g *Group) NewReducer(parameters []Tensor, bucketBytes int) (*Reducer, error) {
	if len(parameters) == 0 {
		return nil, fmt.Errorf("there are no parameters whose gradients could be averaged")
	}
	r := &Reducer{parameters: parameters}
	handles := make([]C.tfa_tensor, len(parameters))
	for i, p := range parameters {
		handles[i] = p.handle()
	}
	return r, Catch(func() {
		check("reducer", C.tfa_reducer_new(g.native, &handles[0], C.int64_t(len(handles)), C.int64_t(bucketBytes), &r.native), parameters)
	})
}

// Backward computes the gradients of the one-element tensor loss and leaves their average over the group. Parameters must
// have no gradients before. Gradients go out in buckets while others are still computed.
func (r *Reducer) Backward(loss Tensor) {
	check("backward", C.tfa_reducer_backward(r.native, loss.handle()), loss, r)
}

// Buckets is how many buckets there are, and how many of them went out before the last Backward had computed every gradient.
func (r *Reducer) Buckets() (all, early int) {
	var a, e C.int64_t
	C.tfa_reducer_buckets(r.native, &a, &e)
	return int(a), int(e)
}

// Close stops watching.
func (r *Reducer) Close() {
	if r.native != nil {
		C.tfa_reducer_free(r.native)
		r.native = nil
	}
}
