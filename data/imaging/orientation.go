package imaging

import (
	"bytes"

	"github.com/bep/imagemeta"
)

// Orientation returns the EXIF orientation of a JPEG file held in memory, from
// 1 to 8. It is 1, upright, where the file has none, where its metadata is
// damaged or out of range, and for every other format: viewers show such
// pictures as they are stored.
func Orientation(data []byte) int {
	orientation := 1
	if !bytes.HasPrefix(data, jpegMagic) {
		return orientation
	}
	isOrientation := func(tag imagemeta.TagInfo) bool { return tag.Tag == "Orientation" && tag.Namespace == "IFD0" }
	// A file whose metadata cannot be read is as good as one without.
	_, _ = imagemeta.Decode(imagemeta.Options{
		R: bytes.NewReader(data), ImageFormat: imagemeta.JPEG, Sources: imagemeta.EXIF,
		ShouldHandleTag: isOrientation,
		HandleTag: func(tag imagemeta.TagInfo) error {
			if value, ok := tag.Value.(uint16); ok && value >= 1 && value <= 8 {
				orientation = int(value)
			}
			return imagemeta.ErrStopWalking
		},
	})
	return orientation
}

// Upright returns the image as a viewer shows it whose file has the given EXIF
// orientation, the same pixels as Pillow's ImageOps.exif_transpose: 2 to 4 are
// mirrored or turned by half, 5 to 8 exchange width and height as well. Any
// other orientation returns m itself.
func (m *Image) Upright(orientation int) *Image {
	if orientation < 2 || orientation > 8 {
		return m
	}
	// Where the picture's left and top are stored at the right and the bottom.
	fromRight := orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8
	fromBottom := orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7
	transposed := orientation >= 5
	width, height := m.Width, m.Height
	if transposed {
		width, height = height, width
	}
	out := New(width, height)
	for y := range height {
		row := out.row(y)
		for x := range width {
			fromX, fromY := x, y
			if transposed {
				fromX, fromY = y, x
			}
			if fromRight {
				fromX = m.Width - 1 - fromX
			}
			if fromBottom {
				fromY = m.Height - 1 - fromY
			}
			at := 3 * (fromY*m.Width + fromX)
			copy(row[3*x:3*x+3], m.Pix[at:at+3])
		}
	}
	return out
}
