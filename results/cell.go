package results

import (
	"math"
	"strconv"
	"strings"
)

// The values of Cell.Method and Cell.Task that this package treats apart.
const (
	// MethodNone is no processing: the degraded image goes to the recognizer.
	MethodNone = "none"
	// MethodPlain trains P on image distance only; gains are gains over it.
	MethodPlain = "plain"
	// TaskClean marks what a recognizer does on the images before any
	// degradation (method none): the ceiling, shown in footnotes.
	TaskClean = "clean"
)

// Cell is one measured number: a row of cells.csv.
//
// What does not apply is the empty string. Lambda is empty for method none,
// which trains nothing, and "0" for plain, which is the end of every lambda
// curve. Source is empty for none and plain, since no recognizer took part in
// training. Evaluator is empty where a metric needs no recognizer (psnr,
// psnr_batch, ssim). One cell never stands for several values of anything: a
// mean over seeds is made where it is shown.
type Cell struct {
	Experiment string
	Seed       int64
	Task       string
	Method     string
	// Lambda is the recognition loss's weight, as FormatLambda writes it.
	Lambda    string
	Source    string
	Evaluator string
	Dataset   string
	Metric    string
	// Value is in the metric's unit: percent, dB or none. NaN is "could not be
	// measured".
	Value float64
	// CILow and CIHigh are the interval over images, NaN where there is none.
	CILow, CIHigh float64
	// N is the number of images (or boxes' images) behind Value.
	N int
	// Key is the content key of the stage that measured it.
	Key string
}

// Columns are the columns of cells.csv, in order.
var Columns = []string{
	"experiment", "seed", "task", "method", "lambda", "source", "evaluator", "dataset", "metric",
	"value", "ci_low", "ci_high", "n", "key",
}

// FormatLambda writes a lambda the one way cells use: the shortest decimal
// that reads back as the same number, such as "0.001" or "1e-05".
func FormatLambda(lambda float64) string { return strconv.FormatFloat(lambda, 'g', -1, 64) }

// formatNumber writes full precision; NaN, an absent number, is empty.
func formatNumber(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

func parseNumber(text string) (float64, error) {
	if text == "" {
		return math.NaN(), nil
	}
	return strconv.ParseFloat(text, 64)
}

// canonicalLambda brings a lambda that a person wrote ("1e-3") to the form
// that cells use, and leaves anything else as it is.
func canonicalLambda(text string) string {
	if v, err := strconv.ParseFloat(strings.TrimSpace(text), 64); err == nil {
		return FormatLambda(v)
	}
	return text
}

// Axes are the columns of cells that tables and figures can be laid out by.
var Axes = []string{"experiment", "seed", "task", "method", "lambda", "source", "evaluator", "dataset", "metric"}

// axis returns the cell's value on one of Axes.
func (c Cell) axis(name string) string {
	switch name {
	case "experiment":
		return c.Experiment
	case "seed":
		return strconv.FormatInt(c.Seed, 10)
	case "task":
		return c.Task
	case "method":
		return c.Method
	case "lambda":
		return c.Lambda
	case "source":
		return c.Source
	case "evaluator":
		return c.Evaluator
	case "dataset":
		return c.Dataset
	case "metric":
		return c.Metric
	}
	panic("results: no axis " + name) // callers check against Axes first
}
