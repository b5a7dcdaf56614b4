package aten

// #include <stdlib.h>
// #include "native/transfera.h"
import "C"

import (
	"cmp"
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"unsafe"

	torch "github.com/wangkuiyi/gotorch"
)

// Error is a native operation that libtorch refused, such as a convolution whose channels do not match.
type Error struct {
	Op      string // the operator, for instance "conv2d"
	Message string // libtorch's words
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %s", e.Op, e.Message) }

// newError is the error of an operator, in words for people: libtorch tells of memory with its source files, and some of its
// messages carry a backtrace.
func newError(op, message string) *Error {
	message, _, _ = strings.Cut(message, "\nframe #")
	if at := noMemory.FindStringSubmatch(message); at != nil {
		message = fmt.Sprintf("out of memory: %s bytes more could not be had; fewer --jobs or a smaller batch need less", cmp.Or(at[1], "some"))
	}
	return &Error{Op: op, Message: message}
}

// noMemory matches what libtorch's allocator and C++ say; CUDA's message already tells how much memory is where.
var noMemory = regexp.MustCompile(`DefaultCPUAllocator: (?:can't allocate|not enough) memory: you tried to allocate (\d+) bytes|std::bad_alloc`)

// Catch runs f and returns the native error that f panicked with, or nil. Any other panic is a bug and goes on.
func Catch(f func()) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *Error:
			err = r
		default:
			panic(r)
		}
	}()
	f()
	return nil
}

// check turns what a native call returned into a panic with an *Error, unless it is nil.
//
// used are the Go owners of the native objects in the call. Only named here do they outlive it: once their pointers are
// handed over, the garbage collector may find them unused and free what the call works on.
func check(op string, message C.tfa_error, used ...any) {
	runtime.KeepAlive(used)
	if message != nil {
		err := newError(op, C.GoString(message))
		C.tfa_free_string(message)
		panic(err)
	}
}

// gotorch runs one of gotorch's operators, whose native errors are panics with a bare string.
func gotorch(op string, run func() torch.Tensor) torch.Tensor {
	defer func() {
		if r := recover(); r != nil {
			if text, ok := r.(string); ok {
				panic(newError(op, text))
			}
			panic(r)
		}
	}()
	return run()
}

func freeCString(s *C.char) { C.free(unsafe.Pointer(s)) }
