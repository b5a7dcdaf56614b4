package imaging

import (
	"slices"
	"sync"
)

// scratch holds buffers for what lives only within one call: the image between
// the passes of a resize, the room for a JPEG file before its size is known.
var scratch = sync.Pool{New: func() any { return new([]uint8) }}

// borrow returns a buffer of the given size with arbitrary contents, and the
// function that gives it back.
func borrow(size int) (buffer []uint8, giveBack func()) {
	held := scratch.Get().(*[]uint8)
	*held = slices.Grow((*held)[:0], size)[:size]
	return *held, func() { scratch.Put(held) }
}
