package weights

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFloatsConvertsAsNumPyAndTorchDo(t *testing.T) {
	want := readGoldens(t).Conversions
	every := make([]byte, 0, 2<<16)
	for bits := range 1 << 16 {
		every = binary.LittleEndian.AppendUint16(every, uint16(bits))
	}
	doubles, err := hex.DecodeString(want["doubles"])
	require.NoError(t, err)
	for _, c := range []struct {
		golden string
		tensor Tensor
	}{
		{"every F16", Tensor{"t", F16, []int64{1 << 16}, every}},
		{"every BF16", Tensor{"t", BF16, []int64{1 << 16}, every}},
		{"every double", Tensor{"t", F64, []int64{int64(len(doubles) / 8)}, doubles}},
	} {
		t.Run(c.golden, func(t *testing.T) {
			floats, err := c.tensor.Floats()
			require.NoError(t, err)
			var bits []byte
			for _, f := range floats {
				b := math.Float32bits(f)
				if f != f {
					b = 0x7fc00000
				}
				bits = binary.LittleEndian.AppendUint32(bits, b)
			}
			assert.Equal(t, want[c.golden], sha(bits))
		})
	}
}

func TestFloatsReturnsFromFloats(t *testing.T) {
	values := []float32{0, -1.5, math.MaxFloat32, float32(math.Inf(-1))}
	tensor := FromFloats("w", []int64{2, 2}, values)
	floats, err := tensor.Floats()
	require.NoError(t, err)
	assert.Equal(t, values, floats)
	assert.Equal(t, int64(4), tensor.Elements())
	_, err = tensor.Longs()
	assert.EqualError(t, err, "tensor w holds F32; expected an integer type")
}

func TestLongsReadsEveryIntegerType(t *testing.T) {
	file, err := Load(golden("dtypes.pth"))
	require.NoError(t, err)
	for name, want := range map[string][]int64{
		"i64":  {0, 1, math.MinInt64, math.MaxInt64, 100},
		"i32":  {0, 1, math.MinInt32, math.MaxInt32, 100},
		"i16":  {0, 1, math.MinInt16, math.MaxInt16, 100},
		"i8":   {0, 1, math.MinInt8, math.MaxInt8, 100},
		"u8":   {0, 1, 0, 255, 100},
		"bool": {0, 1, 1, 0, 1},
	} {
		tensor, ok := file.Tensors.Get(name)
		require.True(t, ok, name)
		longs, err := tensor.Longs()
		require.NoError(t, err)
		assert.Equal(t, want, longs, name)
		_, err = tensor.Floats()
		assert.ErrorContains(t, err, "expected a floating-point type", name)
	}
	longs, err := FromLongs("n", nil, []int64{-7}).Longs()
	require.NoError(t, err)
	assert.Equal(t, []int64{-7}, longs)
}

func TestMalformedTensorsAreErrors(t *testing.T) {
	for name, c := range map[string]struct {
		tensor   Tensor
		elements int64
		want     string
	}{
		"no type":    {Tensor{"w", 0, []int64{1}, []byte{0}}, 1, "tensor w has no valid dtype"},
		"few bytes":  {Tensor{"w", F32, []int64{2, 3}, make([]byte, 23)}, 6, "tensor w has 23 bytes; expected 24 for 2x3 of F32"},
		"scalar":     {Tensor{"w", F32, nil, nil}, 1, "tensor w has 0 bytes; expected 4 for scalar of F32"},
		"negative":   {Tensor{"w", F32, []int64{0, -1}, nil}, -1, "tensor w: shape 0x-1 has a negative dimension"},
		"overflow":   {Tensor{"w", F32, []int64{1 << 32, 1 << 31}, nil}, -1, "more elements than fit into 63 bits"},
		"many bytes": {Tensor{"w", F64, []int64{1 << 60}, nil}, 1 << 60, "more bytes than fit into 63 bits"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.tensor.Floats()
			assert.ErrorContains(t, err, c.want)
			_, err = c.tensor.Longs()
			assert.ErrorContains(t, err, c.want)
			assert.Equal(t, c.elements, c.tensor.Elements())
		})
	}
	assert.PanicsWithValue(t, "weights: tensor w has 4 bytes; expected 8 for 2 of F32",
		func() { FromFloats("w", []int64{2}, []float32{1}) })
	assert.Equal(t, int64(0), Tensor{Shape: []int64{math.MaxInt64, 0, math.MaxInt64}}.Elements())
}

func TestDTypeNamesAndSizes(t *testing.T) {
	for name, size := range map[string]int{
		"F32": 4, "F64": 8, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1,
	} {
		d, ok := parseDType(name)
		require.True(t, ok, name)
		assert.Equal(t, name, d.String())
		assert.Equal(t, size, d.Size(), name)
	}
	for _, name := range []string{"", "f32", "U16", "F8_E4M3"} {
		_, ok := parseDType(name)
		assert.False(t, ok, name)
	}
	assert.Zero(t, DType(0).Size())
	assert.Equal(t, "invalid dtype", DType(99).String())
}
