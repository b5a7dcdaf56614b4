package weights

// DType is the element type of a tensor. The zero value is no type at all.
type DType uint8

// The element types that PyTorch and safetensors files have in common.
const (
	F32  DType = iota + 1 // IEEE 754 binary32
	F64                   // IEEE 754 binary64
	F16                   // IEEE 754 binary16, torch.half
	BF16                  // the upper half of a binary32, torch.bfloat16
	I64
	I32
	I16
	I8
	U8
	BOOL // one byte, 0 or 1
)

var dtypes = [...]struct {
	name string
	size int
}{
	F32: {"F32", 4}, F64: {"F64", 8}, F16: {"F16", 2}, BF16: {"BF16", 2},
	I64: {"I64", 8}, I32: {"I32", 4}, I16: {"I16", 2}, I8: {"I8", 1},
	U8: {"U8", 1}, BOOL: {"BOOL", 1},
}

// String returns the name that safetensors gives the type, such as "F32" or
// "BOOL".
func (d DType) String() string {
	if !d.valid() {
		return "invalid dtype"
	}
	return dtypes[d].name
}

// Size returns the bytes of one element, and 0 for an invalid type.
func (d DType) Size() int {
	if !d.valid() {
		return 0
	}
	return dtypes[d].size
}

func (d DType) valid() bool { return d >= F32 && d <= BOOL }

// parseDType is the inverse of String.
func parseDType(name string) (DType, bool) {
	for d := F32; d <= BOOL; d++ {
		if dtypes[d].name == name {
			return d, true
		}
	}
	return 0, false
}
