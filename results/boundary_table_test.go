package results_test

import (
	"fmt"
	"math"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/metrics/statistics"
	"transfera/results"
)

// boundaryRows are a comparison with one claim that holds, one that does not, and what has no interval.
func boundaryRows() []results.Boundary {
	distance := results.Boundary{Experiment: "b", Task: "clean", Source: "r", Evaluator: "s", Dataset: "d", Analysis: results.AnalysisDistance, Along: "legitimate", N: 9, Warnings: []string{"1 of 10 rays"}, Key: "k"}
	adversarial := distance
	adversarial.Along = "adversarial"
	agreement := results.Boundary{Experiment: "b", Task: "clean", Source: "r", Evaluator: "s", Analysis: results.AnalysisAgreement, N: 50}
	explanation := results.Boundary{Experiment: "b", Analysis: results.AnalysisExplanation, Along: "kappa", N: 3, Warnings: []string{"3 pairs say little"}}
	other := explanation
	other.Task = "dn"
	nothing := statistics.Interval{Low: math.NaN(), High: math.NaN()}
	sample := results.Boundary{Experiment: "b", Task: "clean", Dataset: "d", Analysis: results.AnalysisSample, N: 12}
	return []results.Boundary{
		sample.With("dropped", 2, nothing),
		distance.With("min_dist", 5, statistics.Interval{Low: 4, High: 6}), distance.With("inter_less_min", -3, statistics.Interval{Low: -4, High: -2}),
		adversarial.With("min_dist", 1, statistics.Interval{Low: 0.5, High: 1.5}), adversarial.With("inter_less_min", 1, statistics.Interval{Low: -0.5, High: 2.5}),
		agreement.With("score", 0.75, statistics.Interval{Low: 0.7, High: 0.8}), agreement.With("kappa", 0.5, nothing),
		explanation.With("spearman", 0.5, nothing), explanation.With("p", 0.25, nothing), other.With("spearman", math.NaN(), nothing),
	}
}

func TestBoundaryTables(t *testing.T) {
	tables := results.BoundaryTables("Boundaries", boundaryRows())
	require.Len(t, tables, 3)
	assert.Equal(t, results.BoundarySuffixes(), []string{tables[0].Suffix, tables[1].Suffix, tables[2].Suffix})
	text := func(i int) string {
		out, err := tables[i].Text()
		require.NoError(t, err)
		return out
	}
	assert.Regexp(t, `legitimate +r +s +5\.00 ±1\.00 +- +- +- +-3\.00 ±1\.00\* +9`, text(0))
	assert.Regexp(t, `adversarial +r +s +1\.00 ±0\.50 +- +- +- +1\.00 ±1\.50 +9`, text(0))
	assert.Contains(t, text(0), "on 10 images of d that all these recognizers classify correctly; 2 of the 12 looked at were dropped")
	assert.NotContains(t, text(0), "1 of 10 rays", "columns count the rays")
	first := tables[0].Rows[0].Entries[0]
	assert.Equal(t, "k", first.Key, "the stage, for whoever asks where the number is from")
	assert.Equal(t, results.Place{Experiment: "b", Task: "clean", Source: "r", Evaluator: "s", Dataset: "d", Metric: "min_dist"}, first.Place)
	assert.Regexp(t, `r +s +0\.750 ±0\.050 +0\.500 +50`, text(1))
	assert.Regexp(t, `kappa +all +0\.500 +0\.2500 +3`, text(2))
	assert.Contains(t, text(2), "Warning: 3 pairs say little (rows like that: 2)")
	assert.Empty(t, results.BoundaryTables("none", nil))
}

func TestBoundariesAreReadAsTheyWereWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "boundaries.csv")
	require.NoError(t, results.WriteBoundaries(path, boundaryRows()))
	rows, err := results.ReadBoundaries(path)
	require.NoError(t, err)
	texts := func(rows []results.Boundary) []string { // in which NaN equals NaN
		var list []string
		for _, r := range rows {
			list = append(list, fmt.Sprintf("%+v", r))
		}
		return list
	}
	assert.ElementsMatch(t, texts(boundaryRows()), texts(rows))
}
