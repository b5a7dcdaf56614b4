package imaging

import "fmt"

// Crop returns a copy of the rectangle of width w and height h whose top left
// pixel is (x, y). A rectangle that is empty or leaves the image is an error.
func (m *Image) Crop(x, y, w, h int) (*Image, error) {
	// Written without sums, which could overflow.
	if w < 1 || h < 1 || x < 0 || y < 0 || w > m.Width || h > m.Height || x > m.Width-w || y > m.Height-h {
		return nil, fmt.Errorf("crop of %dx%d pixels at (%d, %d) does not lie in the image of %dx%d",
			w, h, x, y, m.Width, m.Height)
	}
	out := New(w, h)
	m.copyTo(out, x, y, 0, 0)
	return out, nil
}

// CenterCrop returns the central w x h pixels, placed as torchvision's
// CenterCrop does: the offset is half the difference, and half pixels go to
// the even neighbour. Where the image is smaller than asked for, it is padded
// with black, the odd pixel at the right and at the bottom. It panics unless w
// and h are positive.
func (m *Image) CenterCrop(w, h int) *Image {
	out := New(w, h)
	srcX, dstX := centered(m.Width, w)
	srcY, dstY := centered(m.Height, h)
	m.copyTo(out, srcX, srcY, dstX, dstY)
	return out
}

// centered returns where copying starts along one axis, in the source and in
// the destination.
func centered(have, want int) (src, dst int) {
	if want > have {
		return 0, (want - have) / 2
	}
	difference := have - want
	offset := difference / 2
	if difference%2 == 1 && offset%2 == 1 {
		offset++ // Python's round: a half goes to the even neighbour
	}
	return offset, 0
}

// copyTo copies the pixels of m from (x, y) on to out from (outX, outY) on, as
// far as both reach.
func (m *Image) copyTo(out *Image, x, y, outX, outY int) {
	width := min(m.Width-x, out.Width-outX)
	height := min(m.Height-y, out.Height-outY)
	for row := range height {
		copy(out.row(outY + row)[3*outX:], m.row(y + row)[3*x:3*(x+width)])
	}
}

// FlipHorizontal returns the image mirrored left to right.
func (m *Image) FlipHorizontal() *Image {
	out := New(m.Width, m.Height)
	for y := range m.Height {
		src, dst := m.row(y), out.row(y)
		for at := len(dst) - 3; at >= 0; at -= 3 {
			*(*[3]uint8)(dst[at:]) = *(*[3]uint8)(src)
			src = src[3:]
		}
	}
	return out
}
