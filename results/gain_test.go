package results_test

import (
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/metrics/statistics"
	"transfera/results"
)

func TestGainCarriesItsStatistics(t *testing.T) {
	base := [][]float64{{0, 100, 0, 0, 0, 0, 0, 0, 100, 0}}
	other := [][]float64{{100, 100, 100, 100, 100, 100, 100, 100, 100, 0}}
	measured, err := statistics.PairedGain(base, other, statistics.Level, 0)
	require.NoError(t, err)
	cell := results.Cell{Experiment: "x", Seed: 3, Task: "sr", Method: "ra", Lambda: "0.001", Source: "s", Evaluator: "e",
		Dataset: "d", Metric: "top1", Value: 90, N: 10, Key: "k"}
	gain := results.NewGain(cell, measured)
	assert.True(t, math.IsNaN(gain.PHolm), "not corrected yet")
	assert.InDelta(t, 2.0/128, gain.P, 1e-12, "all 7 disagreements go one way")
	gain.PHolm = 0
	assert.Equal(t, results.Gain{Experiment: "x", Task: "sr", Method: "ra", Lambda: "0.001", Source: "s", Evaluator: "e",
		Dataset: "d", Metric: "top1", Gain: 70, CILow: measured.Interval.Low, CIHigh: measured.Interval.High,
		P: measured.PValue, Test: "McNemar exact", NImages: 10, NSeeds: 1,
		Warnings: []string{"1 seed: the interval is over images only"}}, gain)
}

func TestGainsAreCorrectedWithinTheirExperiment(t *testing.T) {
	gains := []results.Gain{
		{Experiment: "a", P: 0.01}, {Experiment: "b", P: 0.04}, {Experiment: "a", P: 0.04}, {Experiment: "a", P: 0.03},
		{Experiment: "b", P: math.NaN()},
	}
	corrected := results.CorrectGains(gains)
	for i, want := range []float64{0.03, 0.04, 0.06, 0.06} {
		assert.InDelta(t, want, corrected[i].PHolm, 1e-12, i)
	}
	assert.True(t, math.IsNaN(corrected[4].PHolm))
	assert.Zero(t, gains[0].PHolm, "the input is left as it is")
}

func TestGainsSurviveTheFile(t *testing.T) {
	_, gains := fixture(t)
	for i := range gains {
		gains[i].PHolm = gains[i].P / 3
	}
	gains[0].Warnings = []string{"1 seed: the interval is over images only", "4 images: too few"}
	folder := t.TempDir()
	require.NoError(t, results.WriteGains(filepath.Join(folder, "a.csv"), gains))
	back, err := results.ReadGains(filepath.Join(folder, "a.csv"))
	require.NoError(t, err)
	assert.ElementsMatch(t, gains, back)

	slices.Reverse(gains)
	require.NoError(t, results.WriteGains(filepath.Join(folder, "b.csv"), gains))
	assert.Equal(t, read(t, filepath.Join(folder, "a.csv")), read(t, filepath.Join(folder, "b.csv")))
}
