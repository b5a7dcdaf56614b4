package boundary

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/metrics/statistics"
)

func crossings(values ...float64) []Distance {
	var d []Distance
	for _, v := range values {
		d = append(d, Distance{v, Crossed})
	}
	return d
}

func TestCompareCountsWhatItLeavesOut(t *testing.T) {
	skipped, censored := Distance{math.NaN(), Skipped}, Distance{10, Censored}
	first := append(crossings(2, 4, 6), skipped, censored, crossings(3)[0], censored)
	second := append(crossings(3, 4, 4), skipped, crossings(7)[0], censored, censored)
	c, err := Compare(first, second, 0.95, 1)
	require.NoError(t, err)
	assert.Equal(t, 3, c.N)
	assert.Equal(t, 2, c.CensoredFirst)
	assert.Equal(t, 2, c.CensoredSecond)
	assert.Equal(t, 1, c.CensoredBoth)
	assert.Equal(t, 1, c.Skipped)
	assert.InDelta(t, 4, c.MinDist, 1e-12)
	assert.InDelta(t, 4, c.MedianMinDist, 1e-12)
	assert.InDelta(t, 1, c.InterDist, 1e-12)
	assert.InDelta(t, 0.25, c.Ratio, 1e-12)
	assert.InDelta(t, (1.0+0+2+3+7)/5, c.InterDistAtLeast, 1e-12)
	assert.InDelta(t, -3, c.Difference.Difference, 1e-12)
	require.Len(t, c.Warnings, 1)
	assert.Equal(t, CodeCensored, c.Warnings[0].Code)
	assert.Contains(t, c.Warnings[0].Text, "3 of 6 rays")
}

func TestInterDistIsSymmetric(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	var first, second []Distance
	for i := range 50 {
		first = append(first, Distance{5 * rng.Float64(), Crossed})
		second = append(second, Distance{5 * rng.Float64(), Crossed})
		if i%7 == 0 {
			second[i] = Distance{5, Censored}
		}
	}
	c, err := Compare(first, second, 0.95, 1)
	require.NoError(t, err)
	turned, err := Compare(second, first, 0.95, 1)
	require.NoError(t, err)
	assert.Equal(t, c.InterDist, turned.InterDist)
	assert.Equal(t, c.InterDistInterval, turned.InterDistInterval)
	assert.Equal(t, c.InterDistAtLeast, turned.InterDistAtLeast)
	assert.Equal(t, c.CensoredFirst, turned.CensoredSecond)
	assert.NotEqual(t, c.MinDist, turned.MinDist)
	assert.Less(t, c.InterDist, c.InterDistAtLeast, "what is left out lies far off")
}

func TestCloserNeedsAnIntervalBelowZero(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	cases := []struct {
		name      string
		apart     float64 // the mean of |first - second| as a multiple of the first
		n         int
		closer    bool
		atLeast   float64
		atMost    float64
		unrelated bool
	}{
		{"far closer", 0.3, 100, true, -2, -1, false},
		{"as far", 1, 100, false, -0.5, 0.5, true},
		{"farther", 2, 100, false, 1, 4, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var first, second []Distance
			for range c.n {
				v := 1 + 2*rng.Float64()
				first = append(first, Distance{v, Crossed})
				factor := c.apart
				if c.unrelated {
					factor *= 0.5 + rng.Float64()
				}
				second = append(second, Distance{v + factor*v, Crossed})
			}
			got, err := Compare(first, second, 0.95, 1)
			require.NoError(t, err)
			assert.Equal(t, c.closer, got.Closer())
			assert.Greater(t, got.Difference.Interval.Low, c.atLeast)
			assert.Less(t, got.Difference.Interval.High, c.atMost)
		})
	}
}

// The interval of a ratio belongs to the same resamples of both means: where the ratio is the same for every image it has no
// width, though both means vary.
func TestRatioIsResampledByImage(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	var first, constant, varying []Distance
	for range 80 {
		v := 1 + 4*rng.Float64()
		first = append(first, Distance{v, Crossed})
		constant = append(constant, Distance{1.25 * v, Crossed})
		varying = append(varying, Distance{v + rng.Float64(), Crossed})
	}
	c, err := Compare(first, constant, 0.95, 1)
	require.NoError(t, err)
	assert.InDelta(t, 0.25, c.RatioInterval.Low, 1e-12)
	assert.InDelta(t, 0.25, c.RatioInterval.High, 1e-12)
	assert.Greater(t, c.MinDistInterval.Half(), 0.1)

	v, err := Compare(first, varying, 0.95, 1)
	require.NoError(t, err)
	// The delta method: sd(InterDist - ratio MinDist) / (MinDist sqrt(n)).
	sum := 0.0
	for i := range first {
		residual := varying[i].Value - first[i].Value - v.Ratio*first[i].Value
		sum += residual * residual
	}
	half := 1.96 * math.Sqrt(sum/79/80) / v.MinDist
	assert.InEpsilon(t, half, v.RatioInterval.Half(), 0.1)
	assert.InDelta(t, v.Ratio, (v.RatioInterval.Low+v.RatioInterval.High)/2, half/5)
}

func TestCompareWithoutCrossingsIsNaNWithAWarning(t *testing.T) {
	none := []Distance{{4, Censored}, {4, Censored}}
	c, err := Compare(none, none, 0.95, 1)
	require.NoError(t, err)
	for _, v := range []float64{c.MinDist, c.MedianMinDist, c.InterDist, c.Ratio, c.InterDistAtLeast, c.Difference.Difference, c.RatioInterval.Low} {
		assert.True(t, math.IsNaN(v))
	}
	assert.False(t, c.Closer())
	require.NotEmpty(t, c.Warnings)
	assert.Equal(t, statistics.CodeNoInterval, c.Warnings[0].Code)
}

func TestMedianOfEvenlyManyIsTheMiddle(t *testing.T) {
	c, err := Compare(crossings(9, 1, 2, 4), crossings(1, 1, 1, 1), 0.95, 1)
	require.NoError(t, err)
	assert.Equal(t, 3.0, c.MedianMinDist)
}

func TestCompareRefusesBadInput(t *testing.T) {
	cases := []struct {
		name          string
		first, second []Distance
		level         float64
		want          string
	}{
		{"nothing", nil, nil, 0.95, "0 and 0 distances"},
		{"unequal", crossings(1), crossings(1, 2), 0.95, "1 and 2 distances"},
		{"other directions", crossings(1), []Distance{{math.NaN(), Skipped}}, 0.95, "image 0 has a direction in one list only"},
		{"no level", crossings(1), crossings(1), 1, "confidence level 1 is not between 0 and 1"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := Compare(c.first, c.second, c.level, 1)
			assert.ErrorContains(t, err, c.want)
		})
	}
}
