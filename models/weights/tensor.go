package weights

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Tensor is one named array of a weights file, held in memory.
type Tensor struct {
	Name  string
	DType DType
	Shape []int64 // outermost dimension first; empty for a scalar
	// Data holds the elements in C order without gaps, little-endian. Tensors
	// of one PyTorch file that shared a storage may share memory here too, so
	// treat it as read-only.
	Data []byte
}

// FromFloats makes an F32 tensor of a copy of values. It panics when their
// number is not the product of shape, which is the caller's mistake.
func FromFloats(name string, shape []int64, values []float32) Tensor {
	data := make([]byte, 0, 4*len(values))
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	return mustBeValid(Tensor{name, F32, append([]int64{}, shape...), data})
}

// FromLongs makes an I64 tensor of a copy of values, with the same contract as
// FromFloats.
func FromLongs(name string, shape []int64, values []int64) Tensor {
	data := make([]byte, 0, 8*len(values))
	for _, v := range values {
		data = binary.LittleEndian.AppendUint64(data, uint64(v))
	}
	return mustBeValid(Tensor{name, I64, append([]int64{}, shape...), data})
}

func mustBeValid(t Tensor) Tensor {
	if err := t.validate(); err != nil {
		panic("weights: " + err.Error())
	}
	return t
}

// Elements returns the number of elements: the product of Shape, 1 for a
// scalar. It is -1 when Shape is invalid (a negative dimension, or a product
// beyond an int64), which no tensor read by Load is.
func (t Tensor) Elements() int64 {
	n, err := elementCount(t.Shape)
	if err != nil {
		return -1
	}
	return n
}

// Floats returns the elements as float32. F32, F16 and BF16 convert exactly,
// F64 rounds to nearest even. Any other type is an error that names the
// tensor.
func (t Tensor) Floats() ([]float32, error) {
	if err := t.validate(); err != nil {
		return nil, err
	}
	var element func(b []byte) float32
	switch t.DType {
	case F32:
		element = func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) }
	case F64:
		element = func(b []byte) float32 { return float32(math.Float64frombits(binary.LittleEndian.Uint64(b))) }
	case F16:
		element = func(b []byte) float32 { return halfToFloat(binary.LittleEndian.Uint16(b)) }
	case BF16:
		element = func(b []byte) float32 {
			return math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16)
		}
	default:
		return nil, fmt.Errorf("tensor %s holds %s; expected a floating-point type", t.Name, t.DType)
	}
	return convert(t, element), nil
}

// Longs returns the elements of an integer or BOOL tensor as int64. Any other
// type is an error that names the tensor.
func (t Tensor) Longs() ([]int64, error) {
	if err := t.validate(); err != nil {
		return nil, err
	}
	var element func(b []byte) int64
	switch t.DType {
	case I64:
		element = func(b []byte) int64 { return int64(binary.LittleEndian.Uint64(b)) }
	case I32:
		element = func(b []byte) int64 { return int64(int32(binary.LittleEndian.Uint32(b))) }
	case I16:
		element = func(b []byte) int64 { return int64(int16(binary.LittleEndian.Uint16(b))) }
	case I8:
		element = func(b []byte) int64 { return int64(int8(b[0])) }
	case U8, BOOL:
		element = func(b []byte) int64 { return int64(b[0]) }
	default:
		return nil, fmt.Errorf("tensor %s holds %s; expected an integer type", t.Name, t.DType)
	}
	return convert(t, element), nil
}

func convert[T any](t Tensor, element func([]byte) T) []T {
	size := t.DType.Size()
	values := make([]T, len(t.Data)/size)
	for i := range values {
		values[i] = element(t.Data[i*size:])
	}
	return values
}

// halfToFloat widens an IEEE 754 binary16, which is exact: a normal number
// only changes its exponent's bias, and a subnormal is its mantissa times
// 2^-24.
func halfToFloat(h uint16) float32 {
	sign := uint32(h>>15) << 31
	exponent, mantissa := uint32(h>>10)&0x1f, uint32(h)&0x3ff
	switch exponent {
	case 0:
		subnormal := float32(mantissa) / (1 << 24)
		return math.Float32frombits(sign | math.Float32bits(subnormal))
	case 0x1f:
		return math.Float32frombits(sign | 0xff<<23 | mantissa<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | mantissa<<13)
}

// validate checks that the parts of a tensor belong together.
func (t Tensor) validate() error {
	if !t.DType.valid() {
		return fmt.Errorf("tensor %s has no valid dtype", t.Name)
	}
	size, err := byteCount(t.Shape, t.DType)
	if err != nil {
		return fmt.Errorf("tensor %s: %w", t.Name, err)
	}
	if int64(len(t.Data)) != size {
		return fmt.Errorf("tensor %s has %d bytes; expected %d for %s of %s",
			t.Name, len(t.Data), size, formatShape(t.Shape), t.DType)
	}
	return nil
}

// elementCount returns the product of the dimensions.
func elementCount(shape []int64) (int64, error) {
	if slices.ContainsFunc(shape, func(d int64) bool { return d < 0 }) {
		return 0, fmt.Errorf("shape %s has a negative dimension", formatShape(shape))
	}
	if slices.Contains(shape, 0) {
		return 0, nil
	}
	n := int64(1)
	for _, d := range shape {
		if n > math.MaxInt64/d {
			return 0, fmt.Errorf("shape %s has more elements than fit into 63 bits", formatShape(shape))
		}
		n *= d
	}
	return n, nil
}

// byteCount returns the bytes of a contiguous tensor.
func byteCount(shape []int64, dtype DType) (int64, error) {
	n, err := elementCount(shape)
	if err != nil {
		return 0, err
	}
	if n > math.MaxInt64/int64(dtype.Size()) {
		return 0, fmt.Errorf("shape %s has more bytes than fit into 63 bits", formatShape(shape))
	}
	return n * int64(dtype.Size()), nil
}

// formatShape writes a shape as in 64x3x7x7, and that of a scalar as "scalar".
func formatShape(shape []int64) string {
	if len(shape) == 0 {
		return "scalar"
	}
	var b strings.Builder
	for i, d := range shape {
		if i > 0 {
			b.WriteByte('x')
		}
		b.WriteString(strconv.FormatInt(d, 10))
	}
	return b.String()
}
