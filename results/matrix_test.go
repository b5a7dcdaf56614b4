package results_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/results"
)

// matrixGains are gains of two sources on two evaluators and two tasks, with
// one missing.
func matrixGains() []results.Gain {
	var gains []results.Gain
	for i, task := range []string{"sr", "dn"} {
		for k, source := range []string{"resnet-s", "vgg-s"} {
			for j, evaluator := range []string{"resnet-s", "vgg-s"} {
				gain := results.Gain{Experiment: "x", Task: task, Method: "ra", Lambda: "0.001", Source: source, Evaluator: evaluator,
					Dataset: "shapes", Metric: "top1", Gain: float64(4 - 3*i - 2*k - j), P: 0.3, Test: "paired t"}
				if source == evaluator {
					gain.P = 1e-6
				}
				gains = append(gains, gain)
			}
		}
	}
	return gains[:7]
}

// svgOf draws a figure that must be without error.
func svgOf(t *testing.T, figure *results.Figure, err error) (string, drawing) {
	t.Helper()
	require.NoError(t, err)
	svg, err := figure.SVG()
	require.NoError(t, err)
	again, err := figure.SVG()
	require.NoError(t, err)
	assert.Equal(t, string(svg), string(again), "drawing twice gives the same bytes")
	_, err = figure.PNG()
	require.NoError(t, err)
	return string(svg), parseSVG(t, svg)
}

func TestTransferMatrixWritesEveryGainWithItsMark(t *testing.T) {
	figure, err := results.TransferMatrix(nil, matrixGains(), results.MatrixSpec{Title: "Gains", Gains: true})
	svg, d := svgOf(t, figure, err)

	numbers := slices.DeleteFunc(slices.Clone(d.texts), func(s string) bool { return !strings.Contains(s, ".") || strings.Contains(s, " ") })
	assert.Equal(t, []string{"+4.0*", "+3.0", "+2.0", "+1.0*", "+1.0*", "0.0", "−1.0"}, numbers,
		"panel by panel, row by row; nothing has no sign")
	for _, text := range []string{"Gains", "sr", "dn", "source", "evaluator", "gain over plain, top1", "[points]", "−4", "0", "4",
		"*: gain over plain significant at 5 % (paired t; Holm-corrected over the 7 gains shown). Hatched: no number."} {
		assert.Contains(t, d.texts, text)
	}
	assert.Equal(t, 2, count(d.texts, "vgg-s")-1, "a row and, in either panel, a column")
	assert.Contains(t, svg, "fill:#053061", "the largest gain has the end's colour")
	assert.Contains(t, svg, "fill:#F7F7F7", "no gain is neutral")
	hatched, _ := polylines(t, d.strokes["#969696"], 2)
	assert.NotEmpty(t, hatched, "the missing field")
}

func count(list []string, text string) int {
	n := 0
	for _, s := range list {
		if s == text {
			n++
		}
	}
	return n
}

func TestNumbersContrastWithTheirField(t *testing.T) {
	figure, err := results.TransferMatrix(nil, matrixGains(), results.MatrixSpec{Gains: true})
	svg, _ := svgOf(t, figure, err)
	ink := func(number string) string {
		before, _, found := strings.Cut(svg, ">"+number+"<")
		require.True(t, found, number)
		style := before[strings.LastIndex(before, "<text"):]
		if strings.Contains(style, "fill:#FFFFFF") {
			return "white"
		}
		return "black"
	}
	assert.Equal(t, "white", ink("+4.0*"), "on dark blue")
	assert.Equal(t, "black", ink("0.0"), "on near white")
}

func TestTransferMatrixOfTheMetricItself(t *testing.T) {
	var cells []results.Cell
	for seed := range int64(2) {
		cell := results.Cell{Experiment: "x", Seed: seed, Task: "sr", Evaluator: "vgg-s", Dataset: "shapes", Metric: "top1", Value: 50 + float64(seed)}
		for _, method := range []string{"none", "plain", "ra"} {
			cell.Method, cell.Value = method, cell.Value+10
			if method == "ra" {
				cell.Source = "resnet-s"
			}
			cells = append(cells, cell)
		}
	}
	figure, err := results.TransferMatrix(cells, nil, results.MatrixSpec{})
	svg, d := svgOf(t, figure, err)
	rows := slices.DeleteFunc(slices.Clone(d.texts), func(s string) bool { return !slices.Contains([]string{"none", "plain", "resnet-s"}, s) })
	assert.ElementsMatch(t, []string{"none", "plain", "resnet-s"}, rows, "what has no source is a row by its method")
	for _, text := range []string{"60.5", "70.5", "80.5", "top1 [%]"} {
		assert.Contains(t, d.texts, text, "the mean over seeds")
	}
	assert.Contains(t, svg, "fill:#440154")
	assert.Contains(t, svg, "fill:#FDE725")
}

func TestColoursEndAtTheLimit(t *testing.T) {
	gains := matrixGains()
	gains[0].Gain = 80
	figure, err := results.TransferMatrix(nil, gains, results.MatrixSpec{Gains: true, Limit: 5, Panels: []string{"task", "method"}})
	_, d := svgOf(t, figure, err)
	assert.Contains(t, d.texts, "sr, ra")
	assert.Contains(t, d.texts, "+80.0*")
	assert.True(t, slices.ContainsFunc(d.texts, func(s string) bool { return strings.HasSuffix(s, "Colours end at ±5.") }))
}

func TestTransferMatrixOfOneField(t *testing.T) {
	gains := matrixGains()[:1]
	gains[0].Source, gains[0].Evaluator = strings.Repeat("a very long name ", 5), "an evaluator with a long name of its own"
	gains[0].P, gains[0].Gain = math.NaN(), 0
	figure, err := results.TransferMatrix(nil, gains, results.MatrixSpec{Gains: true, Title: strings.Repeat("long ", 60)})
	_, d := svgOf(t, figure, err)
	assert.Contains(t, d.texts, "0.0")
	for _, text := range d.texts {
		assert.LessOrEqual(t, len(text), 120, "long names and titles end in an ellipsis")
	}
}

func TestTransferMatrixOfManyEvaluators(t *testing.T) {
	var gains []results.Gain
	for i := range 24 {
		g := matrixGains()[1]
		g.Evaluator, g.Gain = "evaluator-"+string(rune('a'+i)), -float64(i)
		gains = append(gains, g)
	}
	figure, err := results.TransferMatrix(nil, gains, results.MatrixSpec{Gains: true})
	_, d := svgOf(t, figure, err)
	assert.Contains(t, d.texts, "−23.0")
}

func TestTransferMatrixSaysWhatIsWrong(t *testing.T) {
	unmeasured := matrixGains()
	for i := range unmeasured {
		unmeasured[i].Gain = math.NaN()
	}
	other := append(matrixGains(), matrixGains()[0])
	other[7].Method = "ra-unsupervised"
	for _, test := range []struct {
		name  string
		gains []results.Gain
		spec  results.MatrixSpec
		want  string
	}{
		{"nothing", nil, results.MatrixSpec{Title: "G"}, `figure "G": none of the 0 gains is of a number of top1 that passes where`},
		{"unmeasured", unmeasured, results.MatrixSpec{}, "none of the 7 gains"},
		{"two methods", other, results.MatrixSpec{}, "row resnet-s, column resnet-s: holds several methods (ra, ra-unsupervised)"},
		{"unknown axis", nil, results.MatrixSpec{Rows: "network"}, `no axis "network"`},
		{"axis twice", nil, results.MatrixSpec{Panels: []string{"source"}}, `axis "source" is used twice`},
		{"three axes", nil, results.MatrixSpec{Panels: []string{"task", "method", "lambda"}}, "panels of 3 axes"},
		{"limit", nil, results.MatrixSpec{Limit: -1}, "limit -1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.spec.Gains = true
			figure, err := results.TransferMatrix(nil, test.gains, test.spec)
			assert.ErrorContains(t, err, test.want)
			assert.Nil(t, figure)
		})
	}
}
