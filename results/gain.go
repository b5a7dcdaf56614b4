package results

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"transfera/metrics/statistics"
)

// Gain is what a method gains over plain on one evaluator: a row of gains.csv.
// Its first fields are those of the method's own cells, over all seeds.
type Gain struct {
	Experiment string
	Task       string
	Method     string
	Lambda     string
	Source     string
	Evaluator  string
	Dataset    string
	Metric     string
	// Gain is the method's mean less plain's, in the metric's unit.
	Gain          float64
	CILow, CIHigh float64
	// P is two-sided and uncorrected; NaN where no test was made.
	P float64
	// PHolm is P corrected for all gains of the experiment, see CorrectGains.
	PHolm float64
	// Test names the test behind P.
	Test     string
	NImages  int
	NSeeds   int
	Warnings []string
}

// GainColumns are the columns of gains.csv, in order. Warnings are joined by
// "; ".
var GainColumns = []string{
	"experiment", "task", "method", "lambda", "source", "evaluator", "dataset", "metric",
	"gain", "ci_low", "ci_high", "p", "p_holm", "test", "n_images", "n_seeds", "warnings",
}

// NewGain is the row for a gain measured between plain and the method of cell.
func NewGain(cell Cell, gain statistics.Gain) Gain {
	row := Gain{
		Experiment: cell.Experiment, Task: cell.Task, Method: cell.Method, Lambda: cell.Lambda,
		Source: cell.Source, Evaluator: cell.Evaluator, Dataset: cell.Dataset, Metric: cell.Metric,
		Gain: gain.Difference, CILow: gain.Interval.Low, CIHigh: gain.Interval.High,
		P: gain.PValue, PHolm: math.NaN(), Test: gain.Test, NImages: gain.NImages, NSeeds: gain.NSeeds,
	}
	for _, w := range gain.Warnings {
		row.Warnings = append(row.Warnings, w.Text)
	}
	return row
}

// CorrectGains returns the gains with PHolm set, the family being all gains of
// one experiment. A table corrects over what it shows instead.
func CorrectGains(gains []Gain) []Gain {
	corrected := slices.Clone(gains)
	families := map[string][]int{}
	for i, g := range gains {
		families[g.Experiment] = append(families[g.Experiment], i)
	}
	for _, members := range families {
		p := make([]float64, len(members))
		for k, i := range members {
			p[k] = gains[i].P
		}
		for k, adjusted := range statistics.Holm(p) {
			corrected[members[k]].PHolm = adjusted
		}
	}
	return corrected
}

// cell is the method's side of the comparison, to sort and match by.
func (g Gain) cell() Cell {
	return Cell{
		Experiment: g.Experiment, Task: g.Task, Method: g.Method, Lambda: g.Lambda,
		Source: g.Source, Evaluator: g.Evaluator, Dataset: g.Dataset, Metric: g.Metric,
		Value: g.Gain, CILow: g.CILow, CIHigh: g.CIHigh, N: g.NImages,
	}
}

// WriteGains writes gains.csv atomically and sorted, like WriteCells.
func WriteGains(path string, gains []Gain) error {
	sorted := slices.Clone(gains)
	slices.SortFunc(sorted, func(a, b Gain) int {
		return cmp.Or(compareCells(a.cell(), b.cell()), cmp.Compare(a.P, b.P), cmp.Compare(a.NSeeds, b.NSeeds))
	})
	records := make([][]string, len(sorted))
	for i, g := range sorted {
		records[i] = []string{
			g.Experiment, g.Task, g.Method, g.Lambda, g.Source, g.Evaluator, g.Dataset, g.Metric,
			formatNumber(g.Gain), formatNumber(g.CILow), formatNumber(g.CIHigh), formatNumber(g.P), formatNumber(g.PHolm),
			g.Test, strconv.Itoa(g.NImages), strconv.Itoa(g.NSeeds), strings.Join(g.Warnings, "; "),
		}
	}
	return writeCSV(path, GainColumns, records)
}

// ReadGains reads what WriteGains wrote.
func ReadGains(path string) ([]Gain, error) {
	var gains []Gain
	err := readCSV(path, GainColumns, func(r *record) {
		gain := Gain{
			Experiment: r.text("experiment"), Task: r.text("task"), Method: r.text("method"), Lambda: r.text("lambda"),
			Source: r.text("source"), Evaluator: r.text("evaluator"), Dataset: r.text("dataset"), Metric: r.text("metric"),
			Gain: r.number("gain"), CILow: r.number("ci_low"), CIHigh: r.number("ci_high"),
			P: r.number("p"), PHolm: r.number("p_holm"), Test: r.text("test"),
			NImages: r.integer("n_images"), NSeeds: r.integer("n_seeds"),
		}
		if joined := r.text("warnings"); joined != "" {
			gain.Warnings = strings.Split(joined, "; ")
		}
		gains = append(gains, gain)
	})
	if err != nil {
		return nil, err
	}
	return gains, nil
}
