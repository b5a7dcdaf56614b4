package weights

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"unicode/utf8"
)

// SaveSafetensors writes the tensors, in their order, and the metadata (which
// may be nil) to path. The same input gives the same bytes.
//
// The file appears whole or not at all: it is written under another name in
// the same folder, flushed to the disk and then renamed, replacing what was
// there. Two tensors of one name, a tensor whose bytes do not fit its shape and
// text that is not UTF-8 are errors before anything is written.
func SaveSafetensors(path string, dict Dict, metadata map[string]string) error {
	header, err := encodeHeader(dict, metadata)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	err = writeAtomically(path, func(w io.Writer) error { return writeSafetensors(w, header, dict) })
	if err != nil {
		return fmt.Errorf("%s: cannot write weights: %w", path, err)
	}
	return nil
}

func writeSafetensors(w io.Writer, header []byte, dict Dict) error {
	if err := binary.Write(w, binary.LittleEndian, uint64(len(header))); err != nil {
		return err
	}
	if _, err := w.Write(header); err != nil {
		return err
	}
	for _, t := range dict {
		if _, err := w.Write(t.Data); err != nil {
			return err
		}
	}
	return nil
}

// encodeHeader returns the JSON, filled up with spaces so that the data begins
// at a multiple of 8 bytes.
func encodeHeader(dict Dict, metadata map[string]string) ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	if len(metadata) > 0 {
		for key, value := range metadata {
			if !utf8.ValidString(key) || !utf8.ValidString(value) {
				return nil, fmt.Errorf("metadata %q is not valid UTF-8", key)
			}
		}
		b.WriteString(`"` + metadataKey + `":`)
		b.Write(encodeJSON(metadata)) // sorts the keys
	}
	seen := make(map[string]bool, len(dict))
	var at int64
	for _, t := range dict {
		switch err := t.validate(); {
		case err != nil:
			return nil, err
		case seen[t.Name]:
			return nil, fmt.Errorf("tensor %s is there twice", t.Name)
		case t.Name == metadataKey:
			return nil, fmt.Errorf("a tensor cannot be named %s", metadataKey)
		case !utf8.ValidString(t.Name):
			return nil, fmt.Errorf("the tensor name %q is not valid UTF-8", t.Name)
		}
		seen[t.Name] = true
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		b.Write(encodeJSON(t.Name))
		end := at + int64(len(t.Data))
		fmt.Fprintf(&b, `:{"dtype":"%s","shape":%s,"data_offsets":[%d,%d]}`,
			t.DType, encodeJSON(append([]int64{}, t.Shape...)), at, end)
		at = end
	}
	b.WriteByte('}')
	for b.Len()%8 != 0 {
		b.WriteByte(' ')
	}
	if b.Len() > maxHeader {
		return nil, fmt.Errorf("the header would have %d bytes; the format allows %d", b.Len(), maxHeader)
	}
	return b.Bytes(), nil
}

// encodeJSON encodes strings, string maps and lists of integers, none of which
// can fail.
func encodeJSON(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic("weights: " + err.Error())
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// writeAtomically fills a new file beside path and renames it to path. On an
// error nothing of it remains.
func writeAtomically(path string, write func(io.Writer) error) (err error) {
	f, err := createBeside(path)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	w := bufio.NewWriter(f)
	err = write(w)
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	syncFolder(filepath.Dir(path))
	return nil
}

// createBeside opens a new file with the permissions that any new file gets,
// where os.CreateTemp would make one that only its owner can read.
func createBeside(path string) (*os.File, error) {
	for {
		name := path + ".tmp-" + strconv.FormatUint(rand.Uint64(), 36)
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, os.ErrExist) {
			return f, err
		}
	}
}

// syncFolder makes the rename itself durable, where the file system can: some
// cannot flush a folder, and the file is whole by then in any case.
func syncFolder(dir string) {
	if f, err := os.Open(dir); err == nil {
		_ = f.Sync()
		_ = f.Close()
	}
}
