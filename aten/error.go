package aten

// #include <stdlib.h>
// #include "native/transfera.h"
import "C"

import (
	"fmt"
	"unsafe"

	torch "github.com/wangkuiyi/gotorch"
)

// Error is a native operation that libtorch refused, such as a convolution whose channels do not match.
type Error struct {
	Op      string // the operator, for instance "conv2d"
	Message string // libtorch's words
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %s", e.Op, e.Message) }

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

func check(op string, message C.tfa_error) {
	if message != nil {
		err := &Error{Op: op, Message: C.GoString(message)}
		C.tfa_free_string(message)
		panic(err)
	}
}

// gotorch runs one of gotorch's operators, whose native errors are panics with a bare string.
func gotorch(op string, run func() torch.Tensor) torch.Tensor {
	defer func() {
		if r := recover(); r != nil {
			if text, ok := r.(string); ok {
				panic(&Error{Op: op, Message: text})
			}
			panic(r)
		}
	}()
	return run()
}

func freeCString(s *C.char) { C.free(unsafe.Pointer(s)) }
