package imaging

// #cgo CFLAGS: -O3
// #include "resample.h"
import "C"

import (
	"fmt"
	"unsafe"
)

var haveAVX2 = C.imaging_have_avx2() != 0

// Resize returns the image at width x height pixels, byte for byte as Pillow's
// resize does: rows first, then columns, both in 22-bit fixed point with 8-bit
// results in between; an axis that keeps its length is left alone. It panics
// unless both sides are positive and f is a known filter.
func (m *Image) Resize(width, height int, f Filter) *Image {
	return m.resize(width, height, f, haveAVX2)
}

// ResizeShorter resizes so that the shorter side has the given number of
// pixels; the other one becomes size*longer/shorter, rounded down, as
// torchvision's Resize(size) does. An image so elongated that the result would
// exceed [MaxPixels] is an error. It panics unless size is positive.
func (m *Image) ResizeShorter(size int, f Filter) (*Image, error) {
	width, height := size, size
	if m.Width <= m.Height {
		height = int(int64(size) * int64(m.Height) / int64(m.Width))
	} else {
		width = int(int64(size) * int64(m.Width) / int64(m.Height))
	}
	if int64(width)*int64(height) > MaxPixels {
		return nil, fmt.Errorf("resize of %dx%d pixels to shorter side %d: %dx%d is over %d megapixels",
			m.Width, m.Height, size, width, height, MaxPixels/1_000_000)
	}
	return m.Resize(width, height, f), nil
}

func (m *Image) resize(width, height int, f Filter, simd bool) *Image {
	out := New(width, height)
	switch {
	case width == m.Width && height == m.Height:
		f.kernel() // an unknown filter is a mistake here too
		copy(out.Pix, m.Pix)
	case height == m.Height:
		horizontal(out.Pix, m.Pix, m.Width, width, height, f, simd)
	case width == m.Width:
		vertical(out.Pix, m.Pix, width, m.Height, height, f, simd)
	default:
		between, giveBack := borrow(3 * width * m.Height)
		defer giveBack()
		horizontal(between, m.Pix, m.Width, width, m.Height, f, simd)
		vertical(out.Pix, between, width, m.Height, height, f, simd)
	}
	return out
}

func horizontal(dst, src []uint8, in, out, rows int, f Filter, simd bool) {
	w := cache.get(in, out, f)
	_, _ = dst[3*out*rows-1], src[3*in*rows-1] // C has no bounds checks
	C.imaging_horizontal(uint8Pointer(dst), uint8Pointer(src), C.long(in), C.long(out), C.long(rows),
		int32Pointer(w.first), int32Pointer(w.count), int32Pointer(w.weight), C.long(w.taps), flag(simd))
}

func vertical(dst, src []uint8, width, in, out int, f Filter, simd bool) {
	w := cache.get(in, out, f)
	_, _ = dst[3*width*out-1], src[3*width*in-1] // C has no bounds checks
	C.imaging_vertical(uint8Pointer(dst), uint8Pointer(src), C.long(3*width), C.long(out),
		int32Pointer(w.first), int32Pointer(w.count), int32Pointer(w.weight), C.long(w.taps), flag(simd))
}

func uint8Pointer(s []uint8) *C.uint8_t { return (*C.uint8_t)(unsafe.SliceData(s)) }

func int32Pointer(s []int32) *C.int32_t { return (*C.int32_t)(unsafe.SliceData(s)) }

func flag(b bool) C.int {
	if b {
		return 1
	}
	return 0
}
