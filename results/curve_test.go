package results_test

import (
	"bytes"
	"encoding/xml"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/results"
)

var curveSpec = results.FigureSpec{Title: "Accuracy and PSNR against lambda",
	Order: map[string][]string{"evaluator": {"resnet-s", "vgg-s", "densenet-s"}}}

func curveCells(t *testing.T) []results.Cell {
	t.Helper()
	cells, err := results.ReadCells(fixtures + "lambda.csv")
	require.NoError(t, err)
	return cells
}

// drawing is what an SVG shows: its words, and its strokes by colour.
type drawing struct {
	texts   []string
	strokes map[string][]string
}

func parseSVG(t *testing.T, data []byte) drawing {
	t.Helper()
	d := drawing{strokes: map[string][]string{}}
	decoder := xml.NewDecoder(bytes.NewReader(data))
	inText := false
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return d
		}
		require.NoError(t, err, "the SVG must be well-formed")
		switch token := token.(type) {
		case xml.StartElement:
			inText = token.Name.Local == "text"
			attributes := map[string]string{}
			for _, a := range token.Attr {
				attributes[a.Name.Local] = a.Value
			}
			if colour := regexp.MustCompile(`stroke:(#[0-9A-F]{6})`).FindStringSubmatch(attributes["style"]); colour != nil {
				d.strokes[colour[1]] = append(d.strokes[colour[1]], attributes["d"])
			}
		case xml.CharData:
			if inText {
				d.texts = append(d.texts, string(token))
			}
		case xml.EndElement:
			inText = false
		}
	}
}

// vertices returns the points of a path of straight lines.
func vertices(t *testing.T, path string) (x, y []float64) {
	t.Helper()
	for _, pair := range strings.FieldsFunc(path, func(r rune) bool { return r == 'M' || r == 'L' || r == 'Z' }) {
		a, b, ok := strings.Cut(pair, ",")
		require.True(t, ok, path)
		for list, text := range map[*[]float64]string{&x: a, &y: b} {
			v, err := strconv.ParseFloat(text, 64)
			require.NoError(t, err)
			*list = append(*list, v)
		}
	}
	return x, y
}

// polylines returns the strokes of one colour with n vertices.
func polylines(t *testing.T, paths []string, n int) (xs, ys [][]float64) {
	t.Helper()
	for _, path := range paths {
		if strings.ContainsAny(path, "AQC") {
			continue
		}
		if x, y := vertices(t, path); len(x) == n {
			xs, ys = append(xs, x), append(ys, y)
		}
	}
	return xs, ys
}

func TestLambdaCurveDrawsEachEvaluatorInItsColour(t *testing.T) {
	figure, err := results.LambdaCurve(curveCells(t), curveSpec)
	require.NoError(t, err)
	svg, err := figure.SVG()
	require.NoError(t, err)
	d := parseSVG(t, svg)

	for _, text := range []string{"Accuracy and PSNR against lambda", "resnet-s", "vgg-s", "densenet-s", "sr", "dn", "λ",
		"top1 [%]", "psnr [dB]", "plain", "1e-4", "0.001", "0.01", "0.1", "50", "55", "23.5"} {
		assert.Contains(t, d.texts, text)
	}
	names := slices.DeleteFunc(slices.Clone(d.texts), func(s string) bool { return !strings.HasSuffix(s, "-s") })
	assert.Equal(t, []string{"resnet-s", "vgg-s", "densenet-s"}, names, "the legend follows the order given")

	for name, colour := range map[string]string{"resnet-s": "#0072B2", "vgg-s": "#D55E00", "densenet-s": "#009E73"} {
		xs, ys := polylines(t, d.strokes[colour], 4)
		require.Len(t, xs, 2, "%s: one line per task through the four lambdas, plain left out", name)
		for k := range xs {
			steps := []float64{xs[k][1] - xs[k][0], xs[k][2] - xs[k][1], xs[k][3] - xs[k][2]}
			assert.InDelta(t, steps[0], steps[1], 0.05, "lambda is on a logarithmic axis")
			assert.InDelta(t, steps[0], steps[2], 0.05)
			assert.Greater(t, ys[k][1], ys[k][0], "accuracy rises to 0.001")
			assert.Greater(t, ys[k][1], ys[k][3], "and falls after it")
		}
		bars, _ := polylines(t, d.strokes[colour], 2)
		// Two ends of every cap and the bar between, at five lambdas and two
		// tasks, and the sample in the legend.
		assert.Len(t, bars, 3*5*2+1, name)
	}
	black, falling := polylines(t, d.strokes["#000000"], 4)
	require.Len(t, black, 2, "psnr has no evaluator: one black line per task")
	for _, y := range falling {
		assert.True(t, slices.IsSortedFunc(y, func(a, b float64) int {
			return int(math.Copysign(1, b-a))
		}), "psnr falls with lambda")
	}
}

func TestPlainStandsApartOnTheLeft(t *testing.T) {
	figure, err := results.LambdaCurve(curveCells(t), curveSpec)
	require.NoError(t, err)
	svg, err := figure.SVG()
	require.NoError(t, err)
	d := parseSVG(t, svg)
	dividers, _ := polylines(t, d.strokes["#969696"], 2)
	require.Len(t, dividers, 4, "one per panel")
	lines, _ := polylines(t, d.strokes["#0072B2"], 4)
	bars, _ := polylines(t, d.strokes["#0072B2"], 2)
	left := 0
	for _, bar := range bars {
		if bar[0] == bar[1] && bar[0] < dividers[0][0] {
			left++
		}
	}
	assert.Equal(t, 2, left, "plain's error bar, in each of the two panels of the left column")
	assert.Greater(t, lines[0][0], dividers[0][0])
}

func TestPlainIsSharedByEveryMethod(t *testing.T) {
	cells := slices.DeleteFunc(curveCells(t), func(c results.Cell) bool {
		return c.Task != "sr" || c.Evaluator == "vgg-s" || c.Evaluator == "densenet-s"
	})
	for _, c := range slices.Clone(cells) {
		if c.Method == "ra" {
			c.Method, c.Value = "ra-unsupervised", c.Value-1
			cells = append(cells, c)
		}
	}
	_, err := results.LambdaCurve(cells, curveSpec)
	assert.EqualError(t, err, `figure "Accuracy and PSNR against lambda": sr, psnr, -, lambda 0.0001: `+
		"holds several methods (ra, ra-unsupervised): make method an axis or choose one in where")
	spec := curveSpec
	spec.Lines = "method"
	figure, err := results.LambdaCurve(cells, spec)
	require.NoError(t, err)
	svg, err := figure.SVG()
	require.NoError(t, err)
	texts := parseSVG(t, svg).texts
	assert.Contains(t, texts, "ra-unsupervised")
	assert.Equal(t, 2, strings.Count(strings.Join(texts, " "), "plain"), "the tick of each panel, no line in the legend")
}

func TestWriteFigureWritesBothFormats(t *testing.T) {
	figure, err := results.LambdaCurve(curveCells(t), curveSpec)
	require.NoError(t, err)
	folder := t.TempDir()
	require.NoError(t, results.WriteFigure(folder, "lambda", figure))
	picture, err := os.Open(filepath.Join(folder, "lambda.png"))
	require.NoError(t, err)
	defer picture.Close()
	config, err := png.DecodeConfig(picture)
	require.NoError(t, err)
	assert.Equal(t, 1350, config.Width, "6.75 inches at 200 per inch")

	once := read(t, filepath.Join(folder, "lambda.svg"))
	again, err := figure.SVG()
	require.NoError(t, err)
	assert.Equal(t, once, string(again), "drawing twice gives the same bytes")
}

func TestLambdaCurveSaysWhatIsMissing(t *testing.T) {
	cells := curveCells(t)
	with := func(edit func(*results.Cell)) []results.Cell {
		edited := slices.Clone(cells)
		for i := range edited {
			edit(&edited[i])
		}
		return edited
	}
	tests := []struct {
		name  string
		cells []results.Cell
		spec  results.FigureSpec
		want  string
	}{
		{"only plain", slices.DeleteFunc(slices.Clone(cells), func(c results.Cell) bool { return c.Method != "plain" }),
			results.FigureSpec{}, "no cell of [top1 psnr] with a lambda above 0"},
		{"no psnr of one task", slices.DeleteFunc(slices.Clone(cells), func(c results.Cell) bool { return c.Metric == "psnr" && c.Task == "dn" }),
			results.FigureSpec{}, "task dn has no psnr to draw"},
		{"unmeasured", with(func(c *results.Cell) { c.Value = math.NaN() }), results.FigureSpec{}, "task sr has no top1 to draw"},
		{"lambda not a number", with(func(c *results.Cell) { c.Lambda = "big" }), results.FigureSpec{}, `lambda "big" is not a number`},
		{"unknown lines", cells, results.FigureSpec{Lines: "seed"}, `lines cannot be told apart by "seed"`},
		{"unknown axis", cells, results.FigureSpec{Where: map[string][]string{"model": {"x"}}}, `no axis "model"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			figure, err := results.LambdaCurve(test.cells, test.spec)
			assert.ErrorContains(t, err, test.want)
			assert.Nil(t, figure)
		})
	}
}
