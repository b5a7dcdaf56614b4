package report_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"transfera/results"
	"transfera/results/report"
)

func TestBoundaryFindingsSayWhatTheIntervalsSay(t *testing.T) {
	distance := func(along, task string, low, high float64) results.Boundary {
		return results.Boundary{
			Task: task, Analysis: results.AnalysisDistance, Along: along, Measure: "inter_less_min", Value: (low + high) / 2, CILow: low, CIHigh: high,
		}
	}
	relation := func(along string, rho, low, high float64) results.Boundary {
		return results.Boundary{
			Analysis: results.AnalysisExplanation, Along: along, Measure: "spearman", Value: rho, CILow: low, CIHigh: high, N: 36,
		}
	}
	nan := math.NaN()
	assert.Equal(t, []string{
		"Legitimate directions: the boundaries are closer to each other than to the images for 2 of 2 pairs.",
		"Adversarial directions: the boundaries are closer to each other than to the images for 0 of 3 pairs; 1 undecided, 1 farther from each other than from the images, 1 not measured.",
		"Processing directions, dn: the boundaries are closer to each other than to the images for 1 of 1 pair.",
		"Transferred gain and kappa: similar recognizers gain more, rank correlation 0.500 [0.100, 0.800] over 36 pairs.",
		"Transferred gain and legitimate: no relation shows, rank correlation 0.100 [−0.300, 0.500] over 36 pairs.",
		"Transferred gain and random: similar recognizers gain less, rank correlation −0.500 [−0.700, −0.200] over 36 pairs.",
		"Transferred gain and adversarial: 36 pairs say nothing about their relation.",
		"Pairs that share a source or an evaluator are not independent, so these intervals are too narrow.",
	}, report.BoundaryFindings([]results.Boundary{
		distance("legitimate", "clean", -3, -2), distance("legitimate", "clean", -1, -0.1),
		distance("adversarial", "clean", -1, 0), distance("adversarial", "clean", 0.5, 1), distance("adversarial", "clean", nan, nan),
		distance("processing", "dn", -2, -1),
		{Analysis: results.AnalysisDistance, Measure: "ratio", Along: "random"},
		relation("kappa", 0.5, 0.1, 0.8), relation("legitimate", 0.1, -0.3, 0.5), relation("random", -0.5, -0.7, -0.2), relation("adversarial", nan, nan, nan),
	}))
	assert.Empty(t, report.BoundaryFindings(nil))
}
