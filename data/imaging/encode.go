package imaging

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
)

// EncodeJPEG returns the image as a JPEG file (4:2:0, accurate DCT), the same
// bytes as Pillow's save(quality=quality). Quality goes from 1 to 100. JPEG
// cannot hold sides over 65,500 pixels: those are an error.
func (m *Image) EncodeJPEG(quality int) ([]byte, error) {
	if quality < 1 || quality > 100 {
		return nil, fmt.Errorf("encode JPEG: quality %d; expected 1 to 100", quality)
	}
	return encodeJPEG(m, quality)
}

// EncodePNG returns the image as an 8-bit RGB PNG file. The pixels survive
// unchanged; the bytes of the file may differ between versions of Go.
func (m *Image) EncodePNG() ([]byte, error) {
	opaque := image.NewRGBA(image.Rect(0, 0, m.Width, m.Height))
	for i := range m.Width * m.Height {
		copy(opaque.Pix[4*i:], m.Pix[3*i:3*i+3])
		opaque.Pix[4*i+3] = 255
	}
	var out bytes.Buffer
	if err := png.Encode(&out, opaque); err != nil {
		return nil, fmt.Errorf("encode PNG of %dx%d pixels: %w", m.Width, m.Height, err)
	}
	return out.Bytes(), nil
}
