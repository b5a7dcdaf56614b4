package processing_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
	"transfera/models"
	"transfera/models/processing"
)

// A pixel is changed in every phase of the alignment. The change must stay within the reach, and some phase must use it up
// but for one pixel of the input.
func TestAChangedPixelChangesTheOutputAsFarAsTheReach(t *testing.T) {
	for _, c := range []struct {
		arch    string
		scale   int
		options models.Options
	}{
		{"srresnet", 1, models.Options{"channels": 4, "blocks": 1, "end_kernel": 1}},
		{"srresnet", 1, models.Options{"channels": 4, "blocks": 3, "end_kernel": 9}},
		{"srresnet", 2, models.Options{"channels": 4, "blocks": 2, "end_kernel": 5}},
		{"srresnet", 4, models.Options{"channels": 4, "blocks": 1, "end_kernel": 9}},
		{"srresnet", 8, models.Options{"channels": 4, "blocks": 1, "end_kernel": 7}},
		{"srdensenet", 4, models.Options{"growth": 3, "layers": 1, "blocks": 1, "channels": 4}},
		{"srdensenet", 4, models.Options{"growth": 3, "layers": 3, "blocks": 2, "channels": 4}},
		{"resnet-generator", 1, models.Options{"channels": 4, "blocks": 1}},
		{"resnet-generator", 1, models.Options{"channels": 4, "blocks": 3}},
	} {
		t.Run(fmt.Sprintf("%s x%d %v", c.arch, c.scale, c.options), func(t *testing.T) {
			architecture, _ := processing.Find(c.arch)
			field := architecture.Field(c.scale, architecture.Complete(c.options))
			network := architecture.New(7, c.scale, c.options)
			furthest := 0
			for phase := range field.Align {
				furthest = max(furthest, spread(t, network, field, c.scale, phase))
			}
			assert.LessOrEqual(t, furthest, field.Reach)
			assert.GreaterOrEqual(t, furthest, field.Reach-1, "a larger reach than needed wastes work")
		})
	}
}

// spread is how many pixels beyond the changed one's own the output changes, in pixels of the input, along both axes.
func spread(t *testing.T, network interface {
	Forward(aten.Tensor) aten.Tensor
}, field models.Field, scale, phase int) int {
	t.Helper()
	middle := (field.Reach+8)/4*4 + phase
	side := 2*middle + 8
	s := aten.NewScope()
	defer s.Close()
	// The change is large, so that little of it is lost in rounding on the way.
	values := make([]float32, 3*side*side)
	for i := range values {
		values[i] = 0.5 + 0.4*float32(math.Sin(float64(i*i%1009)))
	}
	var before, after []float32
	require.NoError(t, aten.Catch(func() {
		aten.NoGrad(func() {
			before = network.Forward(aten.FromFloats(s, values, 1, 3, side, side)).Floats()
			for channel := range 3 {
				values[(channel*side+middle)*side+middle] += 1e4
			}
			after = network.Forward(aten.FromFloats(s, values, 1, 3, side, side)).Floats()
		})
	}))
	furthest := 0
	for i := range before {
		if before[i] != after[i] {
			x, y := i%(side*scale), i/(side*scale)%(side*scale)
			furthest = max(furthest, apart(x/scale, middle), apart(y/scale, middle))
		}
	}
	return furthest
}

func apart(a, b int) int { return max(a-b, b-a) }

func TestEveryArchitectureSaysHowItRunsInTiles(t *testing.T) {
	for _, a := range processing.Architectures {
		require.NotNil(t, a.Field, a.Name)
		for _, scale := range declared(a.Scales) {
			field := a.Field(scale, a.Complete(nil))
			assert.Positive(t, field.Reach, a.Name)
			assert.Positive(t, field.Align, a.Name)
			assert.Positive(t, field.Least, a.Name)
			assert.Positive(t, field.Floats, a.Name)
		}
	}
}

func declared(scales []int) []int {
	if scales == nil {
		return []int{1, 2, 4, 8}
	}
	return scales
}
