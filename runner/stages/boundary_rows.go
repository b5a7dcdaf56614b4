package stages

import (
	"fmt"
	"math"
	"slices"

	"transfera/metrics/boundary"
	"transfera/metrics/statistics"
	"transfera/results"
)

// Measures of boundaries.csv.
const (
	droppedImages                                                  = "dropped"
	minDist, medianMinDist, interDist, distanceRatio, interLessMin = "min_dist", "median_min_dist", "inter_dist", "ratio", "inter_less_min"
	interDistAtLeast                                               = "inter_dist_at_least"
	censoredSource, censoredEvaluator, skippedImages               = "censored_source", "censored_evaluator", "skipped"
	agreementScore, agreementKappa                                 = "score", "kappa"
	regionIoU                                                      = "iou"
	spearman, spearmanP                                            = "spearman", "p"
)

// boundaryRows are the rows of boundaries.csv: the statistics of what every comparison measured, and how the recognizers'
// similarity goes with the gains.
func (t *table) boundaryRows(gains []results.Gain) ([]results.Boundary, error) {
	var rows []results.Boundary
	for _, c := range t.comparisons {
		more, err := t.rowsOf(c)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.stage, err)
		}
		rows = append(rows, more...)
	}
	return append(rows, t.explanations(rows, gains)...), nil
}

func (t *table) rowsOf(c comparison) ([]results.Boundary, error) {
	path := t.env.Store.File(c.stage.Key, boundaryFile)
	c.row.Key = c.stage.Key
	switch c.row.Analysis {
	case results.AnalysisDistance:
		return t.distanceRows(c.row, path)
	case results.AnalysisAgreement:
		return t.agreementRows(c.row, path)
	}
	return t.regionRows(c.row, path)
}

// sourcesOf are the places of the sources that a comparison is about.
func (t *table) sourcesOf(row results.Boundary) []int {
	if row.Source != "" {
		return []int{slices.Index(t.compared, row.Source)}
	}
	var all []int
	for i := range t.experiment.Sources {
		all = append(all, i)
	}
	return all
}

func (t *table) distanceRows(row results.Boundary, path string) ([]results.Boundary, error) {
	distances, sample, err := readDistances(path)
	if err != nil {
		return nil, err
	}
	var rows []results.Boundary
	for _, source := range t.sourcesOf(row) {
		for other, name := range t.compared {
			if other == source {
				continue
			}
			c, err := boundary.Compare(distances[source], distances[other], statistics.Level, bootstrapSeed)
			if err != nil {
				return nil, err
			}
			one := row
			one.Source, one.Evaluator, one.N, one.Warnings = t.compared[source], name, c.N, slices.Clone(sample.Warnings)
			for _, w := range c.Warnings {
				one.Warnings = append(one.Warnings, w.Text)
			}
			rows = append(rows, one.With(minDist, c.MinDist, c.MinDistInterval), one.With(medianMinDist, c.MedianMinDist, absent),
				one.With(interDist, c.InterDist, c.InterDistInterval), one.With(distanceRatio, c.Ratio, c.RatioInterval),
				one.With(interLessMin, c.Difference.Difference, c.Difference.Interval))
			one.N, one.Warnings = len(distances[source]), nil
			rows = append(rows, one.With(interDistAtLeast, c.InterDistAtLeast, absent), one.With(censoredSource, float64(c.CensoredFirst), absent),
				one.With(censoredEvaluator, float64(c.CensoredSecond), absent), one.With(skippedImages, float64(c.Skipped), absent))
		}
	}
	return rows, nil
}

// absent is the interval of what has none.
var absent = statistics.Interval{Low: math.NaN(), High: math.NaN()}

func (t *table) agreementRows(row results.Boundary, path string) ([]results.Boundary, error) {
	agreement, sample, err := readAgreement(path, len(t.compared))
	if err != nil {
		return nil, err
	}
	all := row
	all.Analysis, all.N = results.AnalysisSample, sample.LookedAt
	rows := []results.Boundary{all.With(droppedImages, float64(sample.Dropped), absent)}
	for i := range t.compared {
		for j := i + 1; j < len(t.compared); j++ {
			score, err := agreement.Pair(i, j, statistics.Level, bootstrapSeed)
			if err != nil {
				return nil, err
			}
			one := row
			one.Source, one.Evaluator, one.N, one.Warnings = t.compared[i], t.compared[j], score.Planes, slices.Clone(sample.Warnings)
			for _, w := range score.Warnings {
				one.Warnings = append(one.Warnings, w.Text)
			}
			rows = append(rows, one.With(agreementScore, score.Score, score.ScoreInterval), one.With(agreementKappa, score.Kappa, score.KappaInterval))
		}
	}
	return rows, nil
}

// regionRows are the mean overlaps of the true class's regions over the planes that are drawn.
func (t *table) regionRows(row results.Boundary, path string) ([]results.Boundary, error) {
	planes, sample, err := readRegions(path)
	if err != nil {
		return nil, err
	}
	var rows []results.Boundary
	for i := range t.compared {
		for j := i + 1; j < len(t.compared); j++ {
			var overlaps []float64
			for p, maps := range planes {
				iou, ok, err := boundary.RegionIoU(maps[i], maps[j], sample.Labels[p])
				if err != nil {
					return nil, err
				}
				if ok {
					overlaps = append(overlaps, iou)
				}
			}
			one := row
			one.Source, one.Evaluator, one.N = t.compared[i], t.compared[j], len(overlaps)
			rows = append(rows, one.With(regionIoU, statistics.Mean(overlaps), statistics.BootstrapMean(overlaps, statistics.Level, statistics.Resamples, bootstrapSeed)))
		}
	}
	return rows, nil
}

// similarity is a measure by which two recognizers' boundaries are alike.
type similarity struct {
	along   string // the name in explanations
	measure string
	match   func(results.Boundary) bool
	sign    float64 // -1 where a larger value means less alike
}

// similarities are those that are held against gains: agreement on planes, and how small the distance between boundaries is
// beside that to the images.
func similarities() []similarity {
	list := []similarity{
		{"region agreement (kappa)", agreementKappa, func(r results.Boundary) bool { return r.Analysis == results.AnalysisAgreement }, 1},
	}
	for _, direction := range []string{legitimateDirection, adversarialDirection, randomDirection} {
		list = append(list, similarity{direction + " distance (-ratio)", distanceRatio, func(r results.Boundary) bool {
			return r.Analysis == results.AnalysisDistance && r.Along == direction
		}, -1})
	}
	return list
}

// pair is one source and another evaluator on one task: how alike they are, and what the source's ra gains on the evaluator.
type pair struct {
	results.Gain
	Similarity, Low, High float64
}

// pairs are those of every task for which both are known, with the gains in the first metric that recognizers have.
func (t *table) pairs(s similarity, rows []results.Boundary, gains []results.Gain) []pair {
	var list []pair
	for _, g := range gains {
		if g.Method != methodRA || g.Metric != t.recognitionMetric() || g.Source == "" || g.Evaluator == "" || g.Source == g.Evaluator {
			continue
		}
		for _, r := range rows {
			same := r.Source == g.Source && r.Evaluator == g.Evaluator
			if r.Analysis == results.AnalysisAgreement { // which has no direction
				same = same || r.Source == g.Evaluator && r.Evaluator == g.Source
			}
			if same && r.Measure == s.measure && s.match(r) && !math.IsNaN(r.Value) {
				one := pair{Gain: g, Similarity: s.sign * r.Value, Low: s.sign * r.CILow, High: s.sign * r.CIHigh}
				if s.sign < 0 {
					one.Low, one.High = one.High, one.Low
				}
				list = append(list, one)
			}
		}
	}
	return list
}

// recognitionMetric is the first of the experiment's metrics that recognizers have; "" without one.
func (t *table) recognitionMetric() string {
	for _, name := range t.experiment.Metrics {
		if metricNamed(name).NeedsEvaluator {
			return name
		}
	}
	return ""
}

// explanations are the rank correlations of similarity and gain, over all tasks and for each.
func (t *table) explanations(rows []results.Boundary, gains []results.Gain) []results.Boundary {
	var list []results.Boundary
	for _, s := range similarities() {
		all := t.pairs(s, rows, gains)
		for _, task := range append([]string{""}, t.experiment.Tasks...) {
			var x, y []float64
			for _, p := range all {
				if task == "" || p.Task == task {
					x, y = append(x, p.Similarity), append(y, p.Gain.Gain)
				}
			}
			row := results.Boundary{
				Experiment: t.experiment.Name, Task: task, Dataset: t.experiment.Dataset, Analysis: results.AnalysisExplanation, Along: s.along, N: len(x),
			}
			found, err := statistics.Spearman(x, y, statistics.Level)
			if err != nil { // too few, or all alike: there is no order to correlate
				row.Warnings = []string{err.Error()}
				list = append(list, row.With(spearman, math.NaN(), absent))
				continue
			}
			for _, w := range found.Warnings {
				row.Warnings = append(row.Warnings, w.Text)
			}
			list = append(list, row.With(spearman, found.Rho, found.Interval), row.With(spearmanP, found.PValue, absent))
		}
	}
	return list
}
