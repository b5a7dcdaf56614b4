// Package imaging reads, resizes, crops and writes RGB images with the same
// bytes as the Python stack that the paper's numbers rest on: Pillow's decode,
// bilinear and bicubic resize and JPEG encode, torchvision's crops and
// conversion to and from float planes.
//
// Equality is byte for byte with Pillow 9.4 on libjpeg-turbo 2.1.5 (Debian 12)
// and pinned by goldens under testdata/imaging. One documented difference:
// 16-bit grey-scale PNG files (see [Decode]).
//
// All functions are safe for concurrent use as long as no two goroutines write
// to the same Image.
package imaging

import (
	"fmt"
	"strings"
)

// MaxPixels is the largest image, in pixels, that is decoded or resized to. A
// larger one is far more likely a broken or hostile header than a photograph,
// and decoding it would take gigabytes.
const MaxPixels = 100_000_000

// Extensions lists the file name endings of the formats that [Decode] reads,
// in lower case: torchvision's IMG_EXTENSIONS without the formats (ppm, bmp,
// pgm, tif, tiff, webp) that are not read here. Do not modify it.
var Extensions = []string{".jpg", ".jpeg", ".png"}

// HasExtension reports whether name ends in one of [Extensions], in any case,
// as torchvision's has_file_allowed_extension does.
func HasExtension(name string) bool {
	lower := strings.ToLower(name)
	for _, extension := range Extensions {
		if strings.HasSuffix(lower, extension) {
			return true
		}
	}
	return false
}

// Image is an RGB image with 8 bits per channel.
type Image struct {
	Width, Height int // pixels, both at least 1
	// Pix holds rows from top to bottom, pixels from left to right, channels
	// R, G, B interleaved; its length is 3*Width*Height, without padding.
	Pix []uint8
}

// New returns a black image. It panics unless both sides are positive.
func New(width, height int) *Image {
	if width < 1 || height < 1 {
		panic(fmt.Sprintf("imaging: image of %dx%d pixels; both sides must be positive", width, height))
	}
	return &Image{Width: width, Height: height, Pix: make([]uint8, 3*width*height)}
}

// row returns row y of the image, 3*Width bytes.
func (m *Image) row(y int) []uint8 {
	stride := 3 * m.Width
	return m.Pix[y*stride : (y+1)*stride : (y+1)*stride]
}
