package classifier_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/runner/classifier"
)

func TestClassesAreRankedBySoftmax(t *testing.T) {
	guesses, err := classifier.Ranked([]float32{0, 1, 0, -1})
	require.NoError(t, err)
	var classes []int
	sum := 0.0
	for _, g := range guesses {
		classes = append(classes, g.Class)
		sum += g.Score
	}
	assert.Equal(t, []int{1, 0, 2, 3}, classes, "of equal ones the lower class first")
	assert.InDelta(t, 1, sum, 1e-12)
	assert.InDelta(t, 0.534446645388523, guesses[0].Score, 1e-12) // e / (e + 2 + 1/e)
	for _, broken := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		_, err := classifier.Ranked([]float32{0, float32(broken)})
		assert.ErrorContains(t, err, "no finite numbers")
	}
}
