package weights

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"unicode/utf8"
)

// maxHeader is the longest header that the reference implementation accepts.
const maxHeader = 100_000_000

// metadataKey is the one name in a header that is not a tensor.
const metadataKey = "__metadata__"

// headerTensor is what a header says of one tensor.
type headerTensor struct {
	name       string
	dtype      DType
	shape      []int64
	begin, end int64 // bytes, counted from the end of the header
}

// readSafetensors reads a whole file: 8 bytes with the header's length, the
// header in JSON, and the tensors' bytes one after another. It follows
// https://huggingface.co/docs/safetensors and refuses whatever that forbids.
func readSafetensors(r io.ReaderAt, size int64) (*File, error) {
	var prefix [8]byte
	if size < int64(len(prefix)) {
		return nil, errors.New("safetensors file of less than 8 bytes: truncated")
	}
	if _, err := r.ReadAt(prefix[:], 0); err != nil {
		return nil, fmt.Errorf("cannot read: %w", err)
	}
	length := binary.LittleEndian.Uint64(prefix[:])
	if length > maxHeader {
		return nil, fmt.Errorf("safetensors header of %d bytes; expected at most %d", length, maxHeader)
	}
	dataStart := int64(len(prefix)) + int64(length)
	if dataStart > size {
		return nil, fmt.Errorf("safetensors header of %d bytes in a file of %d: truncated", length, size)
	}
	header := make([]byte, length)
	if _, err := r.ReadAt(header, int64(len(prefix))); err != nil && length > 0 {
		return nil, fmt.Errorf("cannot read the header: %w", err)
	}
	tensors, metadata, err := parseHeader(header)
	if err != nil {
		return nil, fmt.Errorf("safetensors header: %w", err)
	}
	if err := checkLayout(tensors, size-dataStart); err != nil {
		return nil, fmt.Errorf("safetensors header: %w", err)
	}
	data := make([]byte, size-dataStart)
	if _, err := r.ReadAt(data, dataStart); err != nil && len(data) > 0 {
		return nil, fmt.Errorf("cannot read the tensors: %w", err)
	}
	dict := make(Dict, len(tensors))
	for i, t := range tensors {
		dict[i] = Tensor{t.name, t.dtype, t.shape, data[t.begin:t.end:t.end]}
	}
	return &File{Tensors: dict, Metadata: metadata}, nil
}

// checkLayout sorts the tensors by their place and checks that they have the
// size of their shape and fill the data from its first byte to its last: no
// gap, no overlap, nothing behind them.
func checkLayout(tensors []headerTensor, dataSize int64) error {
	slices.SortStableFunc(tensors, func(a, b headerTensor) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end))
	})
	var at int64
	for _, t := range tensors {
		want, err := byteCount(t.shape, t.dtype)
		switch {
		case err != nil:
			return fmt.Errorf("tensor %s: %w", t.name, err)
		case t.end < t.begin || t.end-t.begin != want:
			return fmt.Errorf("tensor %s has data_offsets [%d,%d]; expected %d bytes for %s of %s",
				t.name, t.begin, t.end, want, formatShape(t.shape), t.dtype)
		case t.begin != at:
			return fmt.Errorf("tensor %s begins at byte %d; expected %d, where the one before ends", t.name, t.begin, at)
		case t.end > dataSize:
			return fmt.Errorf("tensor %s ends at byte %d of %d: truncated", t.name, t.end, dataSize)
		}
		at = t.end
	}
	if at != dataSize {
		return fmt.Errorf("tensors end at byte %d; expected the end of the file, at %d", at, dataSize)
	}
	return nil
}

// parseHeader reads the JSON. It goes token by token because unmarshalling
// into structs accepts duplicate names and names in another case.
func parseHeader(header []byte) ([]headerTensor, map[string]string, error) {
	if len(header) == 0 || header[0] != '{' {
		return nil, nil, errors.New("does not begin with {")
	}
	if !utf8.Valid(header) {
		return nil, nil, errors.New("is not valid UTF-8")
	}
	var tensors []headerTensor
	metadata := map[string]string{}
	dec := json.NewDecoder(bytes.NewReader(header))
	dec.UseNumber()
	err := eachField(dec, func(name string) error {
		if name == metadataKey {
			return eachField(dec, func(key string) error {
				value, err := token[string](dec, "a string")
				metadata[key] = value
				return err
			})
		}
		t, err := parseTensor(dec)
		t.name = name
		tensors = append(tensors, t)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	if rest := bytes.Trim(header[dec.InputOffset():], " \t\r\n"); len(rest) > 0 {
		return nil, nil, errors.New("has something behind the closing }; expected only spaces")
	}
	return tensors, metadata, nil
}

// parseTensor reads {"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}.
func parseTensor(dec *json.Decoder) (headerTensor, error) {
	var t headerTensor
	var offsets []int64
	fields := 0
	err := eachField(dec, func(key string) (err error) {
		fields++
		switch key {
		case "dtype":
			var name string
			if name, err = token[string](dec, "a string"); err != nil {
				return err
			}
			var known bool
			if t.dtype, known = parseDType(name); !known {
				return fmt.Errorf("%q is not supported; expected F32, F64, F16, BF16, I64, I32, I16, I8, U8 or BOOL", name)
			}
		case "shape":
			t.shape, err = parseInts(dec)
		case "data_offsets":
			if offsets, err = parseInts(dec); err == nil && len(offsets) != 2 {
				err = fmt.Errorf("%d numbers; expected 2", len(offsets))
			}
		default:
			err = errors.New("unknown field; expected dtype, shape and data_offsets")
		}
		return err
	})
	if err != nil {
		return t, err
	}
	if fields != 3 {
		return t, errors.New("incomplete; expected dtype, shape and data_offsets")
	}
	t.begin, t.end = offsets[0], offsets[1]
	return t, nil
}

// eachField walks an object and lets read take each value. Errors name the
// field; a name that comes twice is one.
func eachField(dec *json.Decoder, read func(name string) error) error {
	if d, err := token[json.Delim](dec, "an object"); err != nil {
		return err
	} else if d != '{' {
		return errors.New("expected an object")
	}
	seen := map[string]bool{}
	for dec.More() {
		name, err := token[string](dec, "a name")
		if err != nil {
			return err
		}
		if seen[name] {
			return fmt.Errorf("%s: duplicate name", name)
		}
		seen[name] = true
		if err := read(name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	_, err := token[json.Delim](dec, "}")
	return err
}

// parseInts reads an array of non-negative integers.
func parseInts(dec *json.Decoder) ([]int64, error) {
	if d, err := token[json.Delim](dec, "an array"); err != nil {
		return nil, err
	} else if d != '[' {
		return nil, errors.New("expected an array")
	}
	ints := []int64{}
	for dec.More() {
		number, err := token[json.Number](dec, "a number")
		if err != nil {
			return nil, err
		}
		n, err := strconv.ParseUint(number.String(), 10, 63)
		if err != nil {
			return nil, fmt.Errorf("%s; expected an integer from 0 to 2^63-1", number)
		}
		ints = append(ints, int64(n))
	}
	_, err := token[json.Delim](dec, "]")
	return ints, err
}

// token reads the next token, which must be of type T.
func token[T json.Token](dec *json.Decoder, what string) (T, error) {
	var zero T
	next, err := dec.Token()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return zero, fmt.Errorf("invalid JSON: %w", err)
	}
	value, ok := next.(T)
	if !ok {
		return zero, fmt.Errorf("expected %s", what)
	}
	return value, nil
}
