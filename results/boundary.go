package results

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"transfera/metrics/statistics"
)

// The analyses of decision boundaries.
const (
	// AnalysisSample is of the images that all recognizers classify correctly, on which everything is compared.
	AnalysisSample = "sample"
	// AnalysisDistance is of boundary distances along directions, in L2 over the values of an image in [0,1].
	AnalysisDistance = "distance"
	// AnalysisAgreement is of the regions in planes through three images.
	AnalysisAgreement = "agreement"
	// AnalysisRegion is of the region of the true class in planes through one image.
	AnalysisRegion = "region"
	// AnalysisExplanation is of similarity and transferred gain over all pairs of source and evaluator.
	AnalysisExplanation = "explanation"
)

// Boundary is one number about the decision boundaries of two recognizers: a row of boundaries.csv.
type Boundary struct {
	Experiment string
	// Task is TaskClean for images that are not processed, and "" for an explanation over all tasks.
	Task string
	// Source and Evaluator are the two recognizers; "" for explanations.
	Source, Evaluator string
	Dataset           string
	// Analysis is one of those above.
	Analysis string
	// Along is the direction of a distance, or the measure of similarity of an explanation.
	Along string
	// Measure says what Value is.
	Measure       string
	Value         float64
	CILow, CIHigh float64 // NaN where there is no interval
	// N is the number of images, planes or pairs behind Value.
	N        int
	Warnings []string
	// Key is the stage that found the number.
	Key string
}

// BoundaryColumns are the columns of boundaries.csv, in order. Warnings are joined by "; ".
var BoundaryColumns = []string{
	"experiment", "task", "source", "evaluator", "dataset", "analysis", "along", "measure", "value", "ci_low", "ci_high", "n", "warnings", "key",
}

// With returns the row with a measure and its interval.
func (b Boundary) With(measure string, value float64, interval statistics.Interval) Boundary {
	b.Measure, b.Value, b.CILow, b.CIHigh = measure, value, interval.Low, interval.High
	return b
}

// WriteBoundaries writes boundaries.csv atomically and sorted, like WriteCells.
func WriteBoundaries(path string, rows []Boundary) error {
	sorted := slices.Clone(rows)
	slices.SortStableFunc(sorted, func(a, b Boundary) int {
		return cmp.Or(cmp.Compare(a.Experiment, b.Experiment), cmp.Compare(a.Analysis, b.Analysis), cmp.Compare(a.Task, b.Task),
			cmp.Compare(a.Source, b.Source), cmp.Compare(a.Evaluator, b.Evaluator), cmp.Compare(a.Along, b.Along),
			cmp.Compare(a.Measure, b.Measure))
	})
	records := make([][]string, len(sorted))
	for i, r := range sorted {
		records[i] = []string{
			r.Experiment, r.Task, r.Source, r.Evaluator, r.Dataset, r.Analysis, r.Along, r.Measure,
			formatNumber(r.Value), formatNumber(r.CILow), formatNumber(r.CIHigh), strconv.Itoa(r.N), strings.Join(r.Warnings, "; "), r.Key,
		}
	}
	return writeCSV(path, BoundaryColumns, records)
}

// ReadBoundaries reads what WriteBoundaries wrote.
func ReadBoundaries(path string) ([]Boundary, error) {
	var rows []Boundary
	err := readCSV(path, BoundaryColumns, func(r *record) {
		row := Boundary{
			Experiment: r.text("experiment"), Task: r.text("task"), Source: r.text("source"), Evaluator: r.text("evaluator"),
			Dataset: r.text("dataset"), Analysis: r.text("analysis"), Along: r.text("along"), Measure: r.text("measure"),
			Value: r.number("value"), CILow: r.number("ci_low"), CIHigh: r.number("ci_high"), N: r.integer("n"), Key: r.text("key"),
		}
		if joined := r.text("warnings"); joined != "" {
			row.Warnings = strings.Split(joined, "; ")
		}
		rows = append(rows, row)
	})
	if err != nil {
		return nil, err
	}
	return rows, nil
}
