package statistics_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/metrics/statistics"
)

// resampledMeans are the means of each seed's values over resamples of the images.
func resampledMeans(values [][]float64, resamples int) (means []float64, resampled [][]float64) {
	resampled = make([][]float64, len(values))
	for _, row := range values {
		means = append(means, statistics.Mean(row))
	}
	statistics.ResampleImages(len(values[0]), resamples, 1, func(times []int) bool {
		for s, row := range values {
			sum := 0.0
			for i, n := range times {
				sum += float64(n) * row[i]
			}
			resampled[s] = append(resampled[s], sum/float64(len(row)))
		}
		return true
	})
	return means, resampled
}

func TestResampledGainOfAMeanIsThePairedGain(t *testing.T) {
	for _, c := range []struct {
		seeds             int
		ofImages, ofSeeds float64
	}{{1, 0.5, 0}, {2, 2, 0.1}, {3, 1, 0.5}, {5, 2, 0}} {
		t.Run(fmt.Sprintf("%d seeds that differ by %v", c.seeds, c.ofSeeds), func(t *testing.T) {
			const images = 400
			rng := rand.New(rand.NewPCG(3, uint64(c.seeds)))
			shared := make([]float64, images)
			for i := range shared {
				shared[i] = 0.2 + c.ofImages*rng.NormFloat64()
			}
			base, other := make([][]float64, c.seeds), make([][]float64, c.seeds)
			for s := range other {
				base[s] = make([]float64, images)
				shift := c.ofSeeds * rng.NormFloat64()
				for _, v := range shared {
					other[s] = append(other[s], v+shift+0.3*rng.NormFloat64())
				}
			}
			want, err := statistics.PairedGain(base, other, 0.95, 0)
			require.NoError(t, err)
			differences, resampled := resampledMeans(other, 4000)
			got, err := statistics.ResampledGain(differences, resampled, images, 0.95)
			require.NoError(t, err)
			assert.InDelta(t, want.Difference, got.Difference, 1e-12)
			// 4000 resamples know a variance to sqrt(2/4000) = 2 %, the interval's ends less well.
			tolerance := 0.08 * want.Interval.Half()
			assert.InDelta(t, want.Interval.Low, got.Interval.Low, tolerance)
			assert.InDelta(t, want.Interval.High, got.Interval.High, tolerance)
			assert.InDelta(t, want.PValue, got.PValue, 0.02)
			assert.Equal(t, []int{want.NImages, want.NSeeds}, []int{got.NImages, got.NSeeds})
			assert.Equal(t, want.Warnings, got.Warnings)
			if c.seeds > 1 {
				assert.Equal(t, want.Test, got.Test)
				assert.Equal(t, want.Interval.Method, got.Interval.Method)
			}
		})
	}
}

func TestResampledIntervalOfAMeanIsTheBootstraps(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	values := make([]float64, 300)
	for i := range values {
		values[i] = rng.NormFloat64()
	}
	want := statistics.BootstrapMean(values, 0.9, 4000, 0)
	_, resampled := resampledMeans([][]float64{values}, 4000)
	got := statistics.ResampledInterval(resampled[0], len(values), 0.9)
	assert.InDelta(t, want.Low, got.Low, 0.08*want.Half())
	assert.InDelta(t, want.High, got.High, 0.08*want.Half())
	assert.Equal(t, want.Method, got.Method)
	assert.Equal(t, want.N, got.N)

	none := statistics.ResampledInterval(nil, 3, 0.95)
	assert.False(t, none.OK())
	assert.Equal(t, statistics.CodeNoInterval, none.Warnings[0].Code)
}

func TestResamplesDrawAsManyImagesAsThereAre(t *testing.T) {
	calls, kept := 0, 0
	statistics.ResampleImages(5, 20, 1, func(times []int) bool {
		calls++
		drawn := 0
		for _, n := range times {
			drawn += n
		}
		assert.Equal(t, 5, drawn)
		if times[0] == 0 {
			return false
		}
		kept++
		return true
	})
	assert.Equal(t, 20, kept)
	assert.Greater(t, calls, kept, "refused resamples are drawn again")
}

func TestResampledGainsThatCannotBeAnalysedAreErrors(t *testing.T) {
	good := []float64{1, 2, 3}
	cases := map[string]struct {
		differences []float64
		resampled   [][]float64
		level       float64
		message     string
	}{
		"level":             {[]float64{1}, [][]float64{good}, 1, "confidence level 1"},
		"no seeds":          {nil, nil, 0.95, "0 differences"},
		"seeds missing":     {[]float64{1, 2}, [][]float64{good}, 0.95, "2 differences, 1 lists"},
		"one resample":      {[]float64{1}, [][]float64{{1}}, 0.95, "at least 2"},
		"resamples missing": {[]float64{1, 2}, [][]float64{good, {1, 2}}, 0.95, "seed 1 has 2 resamples"},
		"not a number":      {[]float64{1}, [][]float64{{1, math.NaN()}}, 0.95, "NaN"},
	}
	for name, c := range cases {
		_, err := statistics.ResampledGain(c.differences, c.resampled, 10, c.level)
		assert.ErrorContains(t, err, c.message, name)
	}
}
