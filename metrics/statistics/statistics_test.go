package statistics_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/metrics/statistics"
)

func codes(warnings []statistics.Warning) []string {
	var c []string
	for _, w := range warnings {
		c = append(c, w.Code)
	}
	return c
}

func TestBootstrapIsDeterministicInItsSeed(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	decibels := make([]float64, 50)
	answers := make([]float64, 50)
	for i := range decibels {
		decibels[i] = 25 + rng.NormFloat64()
		answers[i] = float64(rng.IntN(2))
	}
	for name, values := range map[string][]float64{"values": decibels, "answers": answers} {
		t.Run(name, func(t *testing.T) {
			first := statistics.BootstrapMean(values, 0.95, 500, 7)
			assert.Equal(t, first, statistics.BootstrapMean(values, 0.95, 500, 7))
			assert.NotEqual(t, first, statistics.BootstrapMean(values, 0.95, 500, 8))
		})
	}
}

// A wider level must give a wider interval, and the interval must hold the
// truth about as often as it says: 200 samples of 100 answers at p = 0.7.
func TestBootstrapCoversAtItsLevel(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	covered := 0
	for trial := range 200 {
		values := make([]float64, 100)
		for i := range values {
			if rng.Float64() < 0.7 {
				values[i] = 1
			}
		}
		interval := statistics.BootstrapMean(values, 0.95, 500, uint64(trial))
		if interval.Low <= 0.7 && 0.7 <= interval.High {
			covered++
		}
		wider := statistics.BootstrapMean(values, 0.99, 500, uint64(trial))
		assert.GreaterOrEqual(t, wider.Half(), interval.Half())
	}
	assert.GreaterOrEqual(t, covered, 180)
}

// With no true gain, seeds and images both varying, a test at 5 % must not
// call a gain much more often than that. Here seeds differ by 3 points (what
// resampling three seeds would miss) and images by their difficulty.
func TestGainOverSeedsKeepsItsLevel(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	const trials, seeds, images = 400, 3, 100
	false05 := 0
	for range trials {
		base, other := table(rng, seeds, images), table(rng, seeds, images)
		gain, err := statistics.PairedGain(base, other, 0.95, 0)
		require.NoError(t, err)
		if gain.PValue < 0.05 {
			false05++
			excluded := gain.Interval.Low > 0 || gain.Interval.High < 0
			assert.True(t, excluded, "interval and test must agree")
		}
	}
	assert.LessOrEqual(t, false05, 32, "8 % of the trials")
}

func table(rng *rand.Rand, seeds, images int) [][]float64 {
	rows := make([][]float64, seeds)
	for s := range rows {
		level := 0.6 + 0.03*rng.NormFloat64()
		rows[s] = make([]float64, images)
		for i := range rows[s] {
			if rng.Float64() < level {
				rows[s][i] = 1
			}
		}
	}
	return rows
}

func TestWarningsTravelWithTheResult(t *testing.T) {
	one := []float64{1, 0, 1, 1}
	two := [][]float64{{1, 0, 1, 1}, {1, 1, 0, 1}}
	decibels := [][]float64{{20.5, 21, 22, 23.5}}
	louder := [][]float64{{21, 21.5, 22.75, 25}}
	student := func(values ...float64) []statistics.Warning {
		interval, _ := statistics.StudentMean(values, 0.95)
		return interval.Warnings
	}
	gain := func(base, other [][]float64) []statistics.Warning {
		g, err := statistics.PairedGain(base, other, 0.95, 0)
		require.NoError(t, err)
		return g.Warnings
	}
	tests := []struct {
		name string
		got  []statistics.Warning
		want []string
	}{
		{"one seed has no interval over seeds", student(61.8), []string{statistics.CodeNoInterval}},
		{"two seeds have a doubtful one", student(61.8, 62), []string{statistics.CodeFewSeeds}},
		{"three seeds have one", student(61.8, 62, 63), nil},
		{"no values", statistics.BootstrapMean(nil, 0.95, 10, 0).Warnings, []string{statistics.CodeNoInterval}},
		{"not a number", statistics.BootstrapMean([]float64{1, math.NaN()}, 0.95, 10, 0).Warnings, []string{statistics.CodeNoInterval}},
		{"bad level", statistics.BootstrapMean(one, 95, 10, 0).Warnings, []string{statistics.CodeNoInterval}},
		{"no resamples", statistics.BootstrapMean(one, 0.95, 0, 0).Warnings, []string{statistics.CodeNoInterval}},
		{"all right", statistics.BootstrapMean([]float64{100, 100, 100}, 0.95, 10, 0).Warnings, []string{statistics.CodeDegenerate}},
		{"gain of one seed", gain(two[:1], two[1:]), []string{statistics.CodeOneSeed}},
		{"gain of two seeds", gain(two, [][]float64{{1, 0, 0, 1}, {1, 1, 1, 1}}), []string{statistics.CodeFewSeeds}},
		{"gain without variation", gain(two, two), []string{statistics.CodeDegenerate, statistics.CodeFewSeeds}},
		{"t test of four images", gain(decibels, louder), []string{statistics.CodeOneSeed, statistics.CodeFewImages}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			assert.Equal(t, test.want, codes(test.got))
			for _, w := range test.got {
				assert.NotEmpty(t, w.String())
			}
		})
	}
}

func TestAbsentIntervalIsNotANumber(t *testing.T) {
	interval, ok := statistics.StudentMean([]float64{61.8}, 0.95)
	assert.False(t, ok)
	assert.False(t, interval.OK())
	assert.True(t, math.IsNaN(interval.Half()))
	assert.True(t, math.IsNaN(statistics.Mean(nil)))
}

// Without any variation there is no evidence of a gain, whatever its size.
func TestConstantGainIsNotSignificant(t *testing.T) {
	base := [][]float64{{20, 21, 23}, {20, 21, 23}}
	other := [][]float64{{21, 22, 24}, {21, 22, 24}}
	for seeds := 1; seeds <= 2; seeds++ {
		gain, err := statistics.PairedGain(base[:seeds], other[:seeds], 0.95, 0)
		require.NoError(t, err)
		assert.Equal(t, 1.0, gain.Difference)
		assert.Equal(t, 1.0, gain.PValue)
		assert.Contains(t, codes(gain.Warnings), statistics.CodeDegenerate)
	}
}

func TestPairedGainRefusesWhatDoesNotPair(t *testing.T) {
	tests := []struct {
		name        string
		base, other [][]float64
		level       float64
		want        string
	}{
		{"other number of seeds", [][]float64{{1}}, [][]float64{{1}, {0}}, 0.95, "paired gain: base has 1 seeds, other has 2"},
		{"other number of images", [][]float64{{1, 0}}, [][]float64{{1}}, 0.95,
			"paired gain: seed 0 has 2 and 1 images, seed 0 has 2: all must see the same images"},
		{"seeds of unequal length", [][]float64{{1, 0}, {1}}, [][]float64{{1, 0}, {1}}, 0.95,
			"paired gain: seed 1 has 1 and 1 images, seed 0 has 2: all must see the same images"},
		{"nothing", nil, nil, 0.95, "paired gain: no values"},
		{"not a number", [][]float64{{1, math.NaN()}}, [][]float64{{1, 0}}, 0.95,
			"paired gain: seed 0, image 1: values NaN and 0 have no finite difference"},
		{"level in percent", [][]float64{{1}}, [][]float64{{0}}, 95, "paired gain: confidence level 95 is not between 0 and 1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := statistics.PairedGain(test.base, test.other, test.level, 0)
			assert.EqualError(t, err, test.want)
		})
	}
}

func TestHolmLeavesOutTestsThatWereNotMade(t *testing.T) {
	p := []float64{math.NaN(), 0.02, 0.04}
	adjusted := statistics.Holm(p)
	assert.True(t, math.IsNaN(adjusted[0]))
	assert.InDeltaSlice(t, []float64{0.04, 0.04}, adjusted[1:], 1e-12)
	assert.Equal(t, 0.02, p[1], "the input is left as it is")
	assert.Empty(t, statistics.Holm(nil))
}

func TestSpearmanAtItsLimits(t *testing.T) {
	perfect, err := statistics.Spearman([]float64{1, 2, 3}, []float64{10, 20, 400}, 0.95)
	require.NoError(t, err)
	assert.Equal(t, 1.0, perfect.Rho)
	assert.InDelta(t, 1.0/3, perfect.PValue, 1e-12, "2 of the 6 orders are as extreme")
	assert.False(t, perfect.Interval.OK())
	assert.Equal(t, []string{statistics.CodeFewPairs, statistics.CodeDegenerate}, codes(perfect.Warnings))

	bad := []struct {
		name string
		x, y []float64
		want string
	}{
		{"unequal length", []float64{1, 2, 3}, []float64{1, 2}, "spearman: 3 and 2 values do not pair up"},
		{"too few", []float64{1, 2}, []float64{1, 2}, "spearman: 2 pairs: at least 3 are needed"},
		{"not a number", []float64{1, 2, math.NaN()}, []float64{1, 2, 3}, "spearman: pair 2 has no value"},
		{"constant", []float64{1, 1, 1}, []float64{1, 2, 3}, "spearman: x or y has the same value in all 3 pairs"},
	}
	for _, test := range bad {
		t.Run(test.name, func(t *testing.T) {
			_, err := statistics.Spearman(test.x, test.y, 0.95)
			assert.EqualError(t, err, test.want)
		})
	}
}

func BenchmarkBootstrapMean(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	answers, decibels := make([]float64, 50000), make([]float64, 50000)
	for i := range answers {
		answers[i], decibels[i] = float64(rng.IntN(2)), rng.NormFloat64()
	}
	for name, values := range map[string][]float64{"answers": answers, "decibels": decibels} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				statistics.BootstrapMean(values, 0.95, statistics.Resamples, 0)
			}
		})
	}
}
