package aten

// #include "native/transfera.h"
import "C"

func init() {
	C.tfa_keep_memory()
}
