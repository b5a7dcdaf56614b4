package imaging

// #cgo LDFLAGS: -l:libturbojpeg.a
// #include "turbo.h"
import "C"

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unsafe"
)

// turboError is what TurboJPEG says about a file: an error, or only a warning.
type turboError struct {
	text    string
	warning bool
}

func (e *turboError) Error() string { return e.text }

func newTurboError(problem *C.imaging_problem) *turboError {
	return &turboError{text: C.GoString(&problem.text[0]), warning: problem.warning != 0}
}

var errTurboMemory = errors.New("libjpeg-turbo could not be started: out of memory")

// decodeJPEG decodes a JPEG file to RGB; see [Decode].
func decodeJPEG(data []byte) (*Image, error) {
	// Stopping at the first warning keeps a damaged file from being decoded to
	// its end, only to be refused.
	m, err := turboDecode(data, C.TJFLAG_STOPONWARNING)
	var problem *turboError
	if errors.As(err, &problem) && problem.warning && harmless(problem.text, data) {
		m, err = turboDecode(data, 0)
	}
	if errors.As(err, &problem) {
		err = damagedJPEG(problem)
	}
	return m, err
}

// turboDecode decodes one file. Warnings are errors where flags says so. Every
// file gets an instance of its own: making one takes a third of a microsecond,
// and TurboJPEG 2.1 does not recover one from an error in a header (it takes
// the next file for the rest of that header).
func turboDecode(data []byte, flags C.int) (*Image, error) {
	handle := C.tjInitDecompress()
	if handle == nil {
		return nil, errTurboMemory
	}
	defer C.tjDestroy(handle)
	var width, height, subsampling, colorspace C.int = -1, -1, -1, -1
	var problem C.imaging_problem
	status := C.imaging_jpeg_header(handle, bytePointer(data), C.ulong(len(data)),
		&width, &height, &subsampling, &colorspace, &problem)
	// A subsampling without a name in TurboJPEG's list (4:1:0, say) is reported
	// as an error although the decompressor can handle it: the sides and the
	// colour space are known by then.
	unnamed := subsampling < 0 && colorspace >= 0
	if status != 0 && !unnamed && (problem.warning == 0 || flags&C.TJFLAG_STOPONWARNING != 0) {
		return nil, newTurboError(&problem)
	}
	if width < 0 { // tables without an image are no error to TurboJPEG
		return nil, errTruncatedJPEG
	}
	if err := checkSize(int(width), int(height)); err != nil {
		return nil, fmt.Errorf("JPEG: %w", err)
	}
	if int64(width)*int64(height) > maxPixelsPerByte*int64(len(data)) && !arithmetic(data) {
		return nil, errTruncatedJPEG
	}
	if colorspace == C.TJCS_CMYK || colorspace == C.TJCS_YCCK {
		inks := make([]uint8, 4*int(width)*int(height))
		if err := decompress(handle, data, inks, width, height, C.TJPF_CMYK, flags); err != nil {
			return nil, err
		}
		return fromAdobeCMYK(inks, int(width), int(height)), nil
	}
	m := New(int(width), int(height))
	if err := decompress(handle, data, m.Pix, width, height, C.TJPF_RGB, flags); err != nil {
		return nil, err
	}
	return m, nil
}

// decompress fills pixels, which has room for the whole image in the given
// pixel format.
func decompress(handle C.tjhandle, data []byte, pixels []uint8, width, height, format, flags C.int) error {
	var problem C.imaging_problem
	status := C.imaging_jpeg_decode(handle, bytePointer(data), C.ulong(len(data)), bytePointer(pixels),
		width, height, format, flags, &problem)
	if status != 0 && (problem.warning == 0 || flags&C.TJFLAG_STOPONWARNING != 0) {
		return newTurboError(&problem)
	}
	return nil
}

// maxPixelsPerByte is the most that Huffman coding can say: one bit for each
// block of 8x8 pixels, of which odd samplings have one for every other 8x8. So a
// short file with a large header is refused before the large image is
// allocated.
const maxPixelsPerByte = 2 * 8 * 64

// arithmetic reports whether a file may be coded arithmetically, which has no
// such limit. Its markers may stand in a file for other reasons too.
func arithmetic(data []byte) bool {
	for _, frame := range []string{"\xff\xc9", "\xff\xca"} {
		if bytes.Contains(data, []byte(frame)) {
			return true
		}
	}
	return false
}

var errTruncatedJPEG = errors.New("truncated JPEG: the file ends before the image does; copy it again from its source, or remove it")

func damagedJPEG(problem *turboError) error {
	if strings.HasPrefix(problem.text, "Premature end of JPEG file") {
		return errTruncatedJPEG
	}
	return fmt.Errorf("damaged JPEG: %w; copy it again from its source, or remove it", problem)
}

// harmless reports whether a warning of libjpeg leaves every pixel as the
// writer of the file meant it. All others mean lost image data.
func harmless(text string, data []byte) bool {
	var skipped, marker int
	switch {
	case strings.HasPrefix(text, "Warning: unknown JFIF revision"),
		strings.HasPrefix(text, "Unknown Adobe color transform code"),
		strings.HasPrefix(text, "Invalid SOS parameters for sequential JPEG"):
	default:
		// Cameras and editors leave padding after a scan, and several public
		// data sets have such files. Before a restart marker (0xd0 to 0xd7),
		// however, the skipped bytes were image data.
		n, _ := fmt.Sscanf(text, "Corrupt JPEG data: %d extraneous bytes before marker 0x%x", &skipped, &marker)
		if n != 2 || marker >= 0xd0 && marker <= 0xd7 {
			return false
		}
	}
	// libjpeg tells its first warning only, which may hide that the file is
	// truncated as well; a whole file has an end marker after its last scan.
	// Damage of another kind behind a harmless warning stays unseen, as it does
	// in Pillow.
	return bytes.LastIndex(data, []byte("\xff\xd9")) > bytes.LastIndex(data, []byte("\xff\xda"))
}

// fromAdobeCMYK converts inks, four bytes per pixel with 255 for no ink as
// Adobe writes them, to RGB with the rounding of Pillow's CMYK to RGB
// conversion (Convert.c, cmyk2rgb).
func fromAdobeCMYK(inks []uint8, width, height int) *Image {
	m := New(width, height)
	for i := range width * height {
		in, out := inks[4*i:4*i+4:4*i+4], m.Pix[3*i:3*i+3:3*i+3]
		white := int(in[3])
		for c := range out {
			product := (255-int(in[c]))*white + 128
			out[c] = uint8(max(0, white-(product>>8+product)>>8))
		}
	}
	return m
}

// encodeJPEG compresses the image; see [Image.EncodeJPEG].
func encodeJPEG(m *Image, quality int) ([]byte, error) {
	handle := C.tjInitCompress()
	if handle == nil {
		return nil, errTurboMemory
	}
	defer C.tjDestroy(handle)
	out, giveBack := borrow(int(C.tjBufSize(C.int(m.Width), C.int(m.Height), C.TJSAMP_420)))
	defer giveBack()
	size := C.ulong(len(out))
	var problem C.imaging_problem
	if C.imaging_jpeg_encode(handle, bytePointer(m.Pix), C.int(m.Width), C.int(m.Height), C.int(quality),
		bytePointer(out), &size, &problem) != 0 {
		return nil, fmt.Errorf("encode JPEG of %dx%d pixels: %w", m.Width, m.Height, newTurboError(&problem))
	}
	return bytes.Clone(out[:size]), nil
}

func bytePointer(b []byte) *C.uchar { return (*C.uchar)(unsafe.SliceData(b)) }
