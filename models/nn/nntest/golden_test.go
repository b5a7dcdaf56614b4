package nntest_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"transfera/models/nn/nntest"
	"transfera/models/weights"
)

func TestRelativeErrorIsInUnitsOfTheLargestElement(t *testing.T) {
	floats := func(v ...float32) weights.Tensor { return weights.FromFloats("t", []int64{int64(len(v))}, v) }
	nan := float32(math.NaN())
	cases := map[string]struct {
		want, got weights.Tensor
		error     float64
	}{
		"equal":               {floats(1, -4), floats(1, -4), 0},
		"small element off":   {floats(1, -4), floats(2, -4), 0.25},
		"both zero":           {floats(0), floats(0), 0},
		"zero expected":       {floats(0), floats(1e-9), math.Inf(1)},
		"NaN":                 {floats(1), floats(nan), math.Inf(1)},
		"NaN expected":        {floats(nan), floats(nan), math.Inf(1)},
		"other length":        {floats(1, 1), floats(1), math.Inf(1)},
		"other shape":         {floats(1, 1), weights.FromFloats("t", []int64{2, 1}, []float32{1, 1}), math.Inf(1)},
		"integers":            {weights.FromLongs("t", nil, []int64{4}), weights.FromLongs("t", nil, []int64{5}), 0.25},
		"integer and decimal": {weights.FromLongs("t", []int64{1}, []int64{4}), floats(4), 0},
	}
	for name, c := range cases {
		assert.Equal(t, c.error, nntest.RelativeError(c.want, c.got), name)
	}
}
