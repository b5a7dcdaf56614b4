package imaging

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// maxFileBytes bounds what [DecodeFile] reads into memory. The largest image
// within [MaxPixels], stored without compression in 16-bit RGBA, is smaller.
const maxFileBytes = 1 << 30

// Decode decodes a JPEG or PNG file held in memory to RGB. The format is told
// by the content, not by the name: ImageNet has PNG files named .JPEG. name
// appears in errors only.
//
// JPEG: baseline and progressive, grey-scale (repeated in three channels),
// YCbCr, RGB, CMYK and YCCK (Adobe's inverted convention, as Pillow assumes),
// with or without JFIF or EXIF headers. The EXIF orientation is not applied,
// as in Pillow and torchvision. A truncated file, or one whose image data is
// damaged, is an error. Pillow agrees on the former, and silently returns a
// partly grey picture for some of the latter.
//
// PNG: every colour type, depth and interlacing. As with Pillow's
// convert("RGB"), alpha and transparent colours are dropped without
// compositing, gamma and colour profiles are ignored, and 16-bit colour keeps
// the high byte of each sample. 16-bit grey keeps the high byte too, whereas
// Pillow clips its samples to 0..255, which turns such a picture white.
//
// Errors name the file: neither JPEG nor PNG, empty, truncated, damaged, or
// more than [MaxPixels] pixels.
//
// Memory: up to 11 bytes for each pixel in Go, and in C up to 8 more for a
// progressive JPEG. The size in a header is believed only as far as the file
// can hold it: 1,024 pixels for each byte of a JPEG, but arithmetically coded
// ones, and 8,256 for each byte of a PNG. TurboJPEG stops at 500 scans.
func Decode(data []byte, name string) (*Image, error) {
	var m *Image
	var err error
	switch {
	case len(data) == 0:
		err = fmt.Errorf("empty file; expected a JPEG or PNG image")
	case bytes.HasPrefix(data, jpegMagic):
		m, err = decodeJPEG(data)
	case bytes.HasPrefix(data, pngMagic):
		m, err = decodePNG(data)
	default:
		err = fmt.Errorf("neither JPEG nor PNG: %s", describeStart(data))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return m, nil
}

// DecodeFile reads and decodes one image file; see [Decode].
func DecodeFile(path string) (*Image, error) {
	data, err := ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Decode(data, path)
}

// ReadFile reads what [Decode] decodes: a whole regular file, of at most 1 GiB. Anything else (a pipe, a device) could block
// or never end, and is an error as one that cannot be read.
func ReadFile(path string) ([]byte, error) {
	data, err := readRegular(path)
	if err != nil {
		return nil, fmt.Errorf("image file: %w", err)
	}
	return data, nil
}

func readRegular(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", path)
	}
	if info.Size() > maxFileBytes {
		return nil, fmt.Errorf("%s: %d bytes; image files of up to %d bytes are read", path, info.Size(), maxFileBytes)
	}
	data := make([]byte, info.Size())
	if _, err := io.ReadFull(file, data); err != nil {
		return nil, fmt.Errorf("%s: changed while being read: %w", path, err)
	}
	return data, nil
}

var (
	jpegMagic = []byte("\xff\xd8\xff")
	pngMagic  = []byte("\x89PNG\r\n\x1a\n")
)

// describeStart says what a file that cannot be decoded seems to be.
func describeStart(data []byte) string {
	known := []struct {
		magic, kind string
	}{
		{"GIF8", "a GIF image"},
		{"BM", "a BMP image"},
		{"RIFF", "a RIFF file, perhaps WebP"},
		{"II*\x00", "a TIFF image"},
		{"MM\x00*", "a TIFF image"},
		{"\x00\x00\x00\x0cjP  ", "a JPEG 2000 image"},
		{"\x1f\x8b", "a gzip archive"},
		{"PK\x03\x04", "a zip archive"},
		{"version https://git-lfs", "a Git LFS pointer: fetch the real file with git lfs pull"},
		{"<", "markup, perhaps an error page saved in place of the image"},
	}
	const shown = 16
	start := data[:min(len(data), shown)]
	for _, format := range known {
		if bytes.HasPrefix(data, []byte(format.magic)) {
			return fmt.Sprintf("it starts with %q (%s); convert it to JPEG or PNG, or remove it", start, format.kind)
		}
	}
	return fmt.Sprintf("it starts with %q; convert it to JPEG or PNG, or remove it", start)
}

// checkSize refuses sides that no real image has before memory is allocated.
func checkSize(width, height int) error {
	if width < 1 || height < 1 {
		return fmt.Errorf("damaged header: %dx%d pixels", width, height)
	}
	if int64(width)*int64(height) > MaxPixels {
		return fmt.Errorf("%dx%d pixels; images of up to %d megapixels are read", width, height, MaxPixels/1_000_000)
	}
	return nil
}
