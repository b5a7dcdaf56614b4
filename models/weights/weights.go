// Package weights reads the weights files of PyTorch (.pth and .th, the zip
// format and the legacy one before PyTorch 1.6) and safetensors files, and
// writes safetensors. It needs no libtorch, executes nothing that a file
// contains, and checks every size a file claims against the file before it
// allocates.
//
// Reading a file of n bytes allocates at most 4 MiB + 2048 n beside its
// tensors, and its tensors come to at most 64 MiB + 8 n; a pickle may have 64
// MiB, a safetensors header 100 MB. Fuzz targets hold Load to that.
package weights

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf8"
)

// Format is the file format that Load found by looking at the content.
type Format int

// The formats that Load reads.
const (
	PyTorchZip    Format = iota + 1 // torch.save since PyTorch 1.6
	PyTorchLegacy                   // torch.save before, or with _use_new_zipfile_serialization=False
	Safetensors
)

// String returns "pytorch-zip", "pytorch-legacy" or "safetensors".
func (f Format) String() string {
	switch f {
	case PyTorchZip:
		return "pytorch-zip"
	case PyTorchLegacy:
		return "pytorch-legacy"
	case Safetensors:
		return "safetensors"
	}
	return "unknown format"
}

// File is the content of one weights file.
type File struct {
	Path    string
	Format  Format
	Tensors Dict // in the file's order
	// Metadata is the string map of a safetensors file. For a PyTorch
	// checkpoint that holds its state dict under a key, it is the plain entries
	// beside it (numbers, strings and booleans, such as epoch), as text.
	Metadata map[string]string
}

// Load reads the weights file at path, whatever its extension.
//
// Of a PyTorch file it takes the state dict: the dictionary of tensors at the
// top, or the one under state_dict, model_state_dict or model, or, where there
// is none of these, the only dictionary of tensors in the file. Entries that
// are not tensors are ignored; a file with several candidates is an error that
// lists its keys. Views, transposes and shared storages become contiguous
// tensors, parameters become plain tensors.
//
// The error of a file that is not weights, is damaged or holds unknown Python
// objects starts with path and says what was expected.
func Load(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		// The operating system's error names the path already.
		return nil, fmt.Errorf("cannot read weights: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("cannot read weights: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file; expected %s", path, expected)
	}
	return read(path, f, info.Size())
}

const expected = "weights as .pth or .th (torch.save) or .safetensors"

func read(path string, r io.ReaderAt, size int64) (*File, error) {
	format, err := detect(r, size)
	var file *File
	switch {
	case err != nil:
	case format == PyTorchZip:
		file, err = readZip(r, size)
	case format == PyTorchLegacy:
		file, err = readLegacy(r, size)
	case format == Safetensors:
		file, err = readSafetensors(r, size)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	file.Path, file.Format = path, format
	return file, nil
}

var (
	zipStart = []byte("PK\x03\x04")
	// pickleMagic is torch.serialization.MAGIC_NUMBER as a pickled LONG1, which
	// opens a legacy file after one or two bytes of protocol (and, from protocol
	// 4 on, a frame).
	pickleMagic = []byte("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.")
)

// detect tells the format by the first bytes, or says what the file is instead.
func detect(r io.ReaderAt, size int64) (Format, error) {
	head := make([]byte, min(size, 512))
	if n, err := r.ReadAt(head, 0); n < len(head) {
		return 0, fmt.Errorf("cannot read: %w", err)
	}
	switch {
	case bytes.HasPrefix(head, zipStart):
		return PyTorchZip, nil
	case len(head) > 0 && head[0] == 0x80 && bytes.Contains(head[:min(len(head), 32)], pickleMagic):
		return PyTorchLegacy, nil
	case len(head) > 8 && head[8] == '{' && binary.LittleEndian.Uint64(head) <= maxHeader:
		return Safetensors, nil
	}
	return 0, errors.New(describe(head) + "; expected " + expected)
}

// describe names the kinds of files that are mistaken for weights.
func describe(head []byte) string {
	text := bytes.ToLower(bytes.TrimSpace(head))
	switch {
	case len(head) == 0:
		return "the file is empty"
	case bytes.HasPrefix(text, []byte("<!doctype")), bytes.HasPrefix(text, []byte("<html")):
		return "an HTML page, perhaps saved by a download that failed"
	case bytes.HasPrefix(head, []byte("version https://git-lfs")):
		return "a Git LFS pointer instead of the file (fetch it with git lfs pull)"
	case len(head) > 262 && bytes.Equal(head[257:262], []byte("ustar")):
		return "a tar archive (PyTorch before 0.2 wrote weights so; load and save it again with a newer one)"
	case head[0] == 0x80:
		return "a Python pickle, but not one of torch.save"
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return "a gzip file (unpack it first)"
	case bytes.HasPrefix(head, []byte("\x89HDF")):
		return "an HDF5 file"
	case isText(head):
		return "a text file"
	}
	return "not a weights file"
}

// isText allows for a character cut in two at the end of head.
func isText(head []byte) bool {
	if bytes.IndexByte(head, 0) >= 0 {
		return false
	}
	for cut := 0; cut < utf8.UTFMax && cut < len(head); cut++ {
		if utf8.Valid(head[:len(head)-cut]) {
			return true
		}
	}
	return false
}
