package imaging

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
)

// decodePNG decodes a PNG file to RGB; see [Decode].
func decodePNG(data []byte) (*Image, error) {
	config, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, damagedPNG(err)
	}
	if err := checkSize(config.Width, config.Height); err != nil {
		return nil, fmt.Errorf("PNG: %w", err)
	}
	// Deflate shrinks by at most 1032 to 1, so a short file with a large header
	// is refused before the large image is allocated.
	if pngRawBytes(data)/1032 > int64(len(data)) {
		return nil, damagedPNG(io.ErrUnexpectedEOF)
	}
	decoded, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, damagedPNG(err)
	}
	return dropAlpha(decoded)
}

func damagedPNG(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return fmt.Errorf("truncated PNG: the file ends before the image does; copy it again from its source, or remove it")
	}
	return fmt.Errorf("damaged PNG: %w; copy it again from its source, or remove it", err)
}

// pngRawBytes returns the size of the scan lines, before compression, that the
// header of a PNG file announces. The header is known to be a valid one.
func pngRawBytes(data []byte) int64 {
	header := data[len(pngMagic)+8:] // after the magic, the chunk's length and type
	width, height := int64(binary.BigEndian.Uint32(header)), int64(binary.BigEndian.Uint32(header[4:]))
	depth, colorType := int64(header[8]), header[9]
	samples := map[byte]int64{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colorType]
	return height * (width*samples*depth + 7) / 8
}

// dropAlpha converts what image/png returns to RGB, as Pillow's convert("RGB")
// does: colours are taken as stored, whatever their alpha.
func dropAlpha(decoded image.Image) (*Image, error) {
	bounds := decoded.Bounds()
	m := New(bounds.Dx(), bounds.Dy())
	switch src := decoded.(type) {
	case *image.Gray:
		m.pick(src.Pix, src.Stride, 1, [3]int{0, 0, 0})
	case *image.Gray16: // big-endian: the high byte comes first
		m.pick(src.Pix, src.Stride, 2, [3]int{0, 0, 0})
	case *image.RGBA: // opaque, so not premultiplied
		m.pick(src.Pix, src.Stride, 4, [3]int{0, 1, 2})
	case *image.NRGBA:
		m.pick(src.Pix, src.Stride, 4, [3]int{0, 1, 2})
	case *image.RGBA64: // opaque, so not premultiplied
		m.pick(src.Pix, src.Stride, 8, [3]int{0, 2, 4})
	case *image.NRGBA64:
		m.pick(src.Pix, src.Stride, 8, [3]int{0, 2, 4})
	case *image.Paletted:
		m.lookUp(src)
	default:
		return nil, fmt.Errorf("PNG: cannot read colour type %T", decoded)
	}
	return m, nil
}

// pick fills the image from rows of pixels of size bytes each, taking the
// bytes at the given offsets as R, G and B.
func (m *Image) pick(pix []uint8, stride, size int, offsets [3]int) {
	for y := range m.Height {
		row, src := m.row(y), pix[y*stride:]
		for x := range m.Width {
			pixel := src[x*size : (x+1)*size]
			row[3*x], row[3*x+1], row[3*x+2] = pixel[offsets[0]], pixel[offsets[1]], pixel[offsets[2]]
		}
	}
}

func (m *Image) lookUp(src *image.Paletted) {
	var palette [256][3]uint8
	for i, entry := range src.Palette {
		switch c := entry.(type) {
		case color.RGBA: // opaque, so not premultiplied
			palette[i] = [3]uint8{c.R, c.G, c.B}
		case color.NRGBA:
			palette[i] = [3]uint8{c.R, c.G, c.B}
		}
	}
	for y := range m.Height {
		row := m.row(y)
		for x, index := range src.Pix[y*src.Stride : y*src.Stride+m.Width] {
			copy(row[3*x:], palette[index][:])
		}
	}
}
