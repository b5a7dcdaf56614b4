package weights

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTensorsThatHoldNoNumbersAreRefused(t *testing.T) {
	floats := func(values ...float32) Tensor { return FromFloats("w", []int64{int64(len(values))}, values) }
	doubles := func(values ...float64) Tensor {
		var data []byte
		for _, v := range values {
			data = binary.LittleEndian.AppendUint64(data, math.Float64bits(v))
		}
		return Tensor{"w", F64, []int64{int64(len(values))}, data}
	}
	halves := func(dtype DType, values ...uint16) Tensor {
		var data []byte
		for _, v := range values {
			data = binary.LittleEndian.AppendUint16(data, v)
		}
		return Tensor{"w", dtype, []int64{int64(len(values))}, data}
	}
	nan, inf := math.NaN(), math.Inf(1)
	cases := map[string]struct {
		tensor Tensor
		want   string // "" where all are numbers
	}{
		"float32":            {floats(0, -math.MaxFloat32, math.MaxFloat32, math.SmallestNonzeroFloat32), ""},
		"float32, NaN":       {floats(1, float32(nan), 2), "tensor w holds NaN or infinities, 1 of 3 values; "},
		"float32, infinite":  {floats(float32(inf), float32(-inf)), "2 of 2 values"},
		"float64":            {doubles(1, -math.MaxFloat32), ""},
		"float64, NaN":       {doubles(1, nan), "1 of 2 values"},
		"float64, too large": {doubles(1e300, 1, -1e39), "2 of 3 values"},
		"float16":            {halves(F16, 0x7bff, 0xfbff, 0x0001), ""}, // the largest, its negative, the smallest
		"float16, infinite":  {halves(F16, 0x7c00, 0xfc00, 0x3c00), "2 of 3 values"},
		"float16, NaN":       {halves(F16, 0x7e00), "1 of 1 values"},
		"bfloat16":           {halves(BF16, 0x7f7f, 0xff7f, 0x0001), ""},
		"bfloat16, NaN":      {halves(BF16, 0x7fc0, 0xff80), "2 of 2 values"},
		"integers":           {FromLongs("w", []int64{2}, []int64{-1, math.MaxInt64}), ""},
		"nothing":            {floats(), ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := Dict{floats(1), c.tensor}.CheckFinite()
			if c.want == "" {
				assert.NoError(t, err)
			} else {
				assert.ErrorContains(t, err, c.want)
			}
		})
	}
}
