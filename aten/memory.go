package aten

// #include "native/transfera.h"
import "C"

func init() {
	C.tfa_pool_memory()
}

// ReleaseMemory gives the memory of freed CPU tensors back to the system. It is kept for the next ones otherwise, though never
// more than tensors that lived together have taken since the last call.
func ReleaseMemory() { C.tfa_release_memory() }
