package weights

import (
	"encoding/binary"
	"fmt"
	"math"
)

// CheckFinite refuses tensors that hold what no network computes with: NaN, infinities, and numbers beyond float32.
func (d Dict) CheckFinite() error {
	for _, t := range d {
		if n := t.notFinite(); n > 0 {
			return fmt.Errorf("tensor %s holds NaN or infinities, %d of %d values; the file is damaged, or its training diverged: get or train it again",
				t.Name, n, len(t.Data)/t.DType.Size())
		}
	}
	return nil
}

// notFinite counts the elements that are NaN or infinite as float32.
func (t Tensor) notFinite() (count int) {
	switch t.DType {
	case F32:
		for i := 0; i+4 <= len(t.Data); i += 4 {
			if binary.LittleEndian.Uint32(t.Data[i:])>>23&0xff == 0xff {
				count++
			}
		}
	case F64:
		for i := 0; i+8 <= len(t.Data); i += 8 {
			v := float32(math.Float64frombits(binary.LittleEndian.Uint64(t.Data[i:])))
			if math.Float32bits(v)>>23&0xff == 0xff {
				count++
			}
		}
	case F16:
		return t.halves(0x1f, 10)
	case BF16:
		return t.halves(0xff, 7)
	}
	return count
}

// halves counts the elements of two bytes whose exponent, above so many bits of mantissa, is all ones.
func (t Tensor) halves(exponent uint16, mantissa int) (count int) {
	for i := 0; i+2 <= len(t.Data); i += 2 {
		if binary.LittleEndian.Uint16(t.Data[i:])>>mantissa&exponent == exponent {
			count++
		}
	}
	return count
}
