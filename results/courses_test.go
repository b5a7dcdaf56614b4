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

// course is one series of the given values at steps 10, 20 ...
func course(run, term string, values ...float64) results.CourseSeries {
	s := results.CourseSeries{Run: run, Term: term, Values: values}
	for i := range values {
		s.Steps = append(s.Steps, 10*(i+1))
	}
	return s
}

// faintBlue is how the SVG canvas rounds the palette's blue where it is
// transparent.
const faintBlue = "#0071B1"

func twoRuns() results.Courses {
	return results.Courses{Title: "Courses", Window: 3, Series: []results.CourseSeries{
		course("plain", "image", 9, 3, 6, 0, 3), course("ra", "image", 1, 2, 3, 4, 5), course("ra", "recognition", 100, 10, 1, 10, 100),
	}}
}

func TestTrainingCurvesAverageOverAFullWindow(t *testing.T) {
	figure, err := results.TrainingCurves(twoRuns())
	svg, d := svgOf(t, figure, err)
	rawX, raw := polylines(t, d.strokes[faintBlue], 5)
	require.Len(t, raw, 1, "all values of plain")
	smoothX, smooth := polylines(t, d.strokes["#0072B2"], 3)
	require.Len(t, smooth, 1, "their means where the window is full")
	assert.Equal(t, rawX[0][1:4], smoothX[0], "centred: no lag")
	unit := (raw[0][0] - raw[0][3]) / 9 // from value 9 to value 0
	for i, mean := range []float64{6, 3, 3} {
		assert.InDelta(t, mean, (smooth[0][i]-raw[0][3])/unit, 1e-2)
	}
	assert.Contains(t, svg, "stroke-opacity", "the values are faint")
	for _, text := range []string{"image", "recognition", "plain", "ra", "step", "Lines: mean of 3 values centred on each step; faint: all values."} {
		assert.Contains(t, d.texts, text)
	}
}

func TestMissingValuesInterruptACurve(t *testing.T) {
	nan := math.NaN()
	c := results.Courses{Window: 1, Series: []results.CourseSeries{course("ra", "recognition", 1, 2, nan, 5, nan, 3, 4, 2)}}
	figure, err := results.TrainingCurves(c)
	_, d := svgOf(t, figure, err)
	two, _ := polylines(t, d.strokes["#0072B2"], 2)
	assert.Len(t, two, 2, "the first two values and the sample in the legend")
	three, _ := polylines(t, d.strokes["#0072B2"], 3)
	assert.Len(t, three, 1, "the last three")
	assert.Contains(t, d.texts, "Lines are the values themselves.")
}

func TestTrainingCurvesOnALogarithmicAxis(t *testing.T) {
	c := twoRuns()
	c.Window, c.Logarithmic = 1, true
	figure, err := results.TrainingCurves(c)
	_, d := svgOf(t, figure, err)
	_, y := polylines(t, d.strokes["#D55E00"], 5)
	require.Len(t, y, 2)
	assert.InDelta(t, y[1][0]-y[1][1], y[1][1]-y[1][2], 1e-2, "from 100 to 10 is as far as from 10 to 1")
	assert.Contains(t, strings.Join(d.texts, " "), "1 value of 0 or less, which the axis cannot show, left out.")
}

func TestLongCoursesStaySmall(t *testing.T) {
	values := make([]float64, 200_000)
	for i := range values {
		values[i] = math.Sin(float64(i))
	}
	values[150_000] = 50
	figure, err := results.TrainingCurves(results.Courses{Series: []results.CourseSeries{course("ra", "total", values...)}})
	svg, d := svgOf(t, figure, err)
	assert.Less(t, len(svg), 300_000)
	assert.Contains(t, strings.Join(d.texts, " "), "mean of 4001 values", "a fiftieth")
	var heights []float64
	for _, path := range d.strokes[faintBlue] {
		_, y := vertices(t, path)
		heights = append(heights, y...)
	}
	slices.Sort(heights)
	top := len(heights) - 1
	assert.Greater(t, heights[top]-heights[top-1], 40*(heights[top-1]-heights[0])/2*0.9, "the one high value is not lost")
	assert.Contains(t, d.texts, "2000k")
}

func TestTrainingCurvesOfOneStep(t *testing.T) {
	figure, err := results.TrainingCurves(results.Courses{Series: []results.CourseSeries{course("ra", "total", 0)}})
	_, d := svgOf(t, figure, err)
	assert.NotContains(t, strings.Join(d.texts, " "), "NaN")
	assert.NotContains(t, d.texts, "−0")
}

func TestTrainingCurvesSayWhatIsWrong(t *testing.T) {
	for _, test := range []struct {
		want string
		edit func(*results.Courses)
	}{
		{`figure "Courses": no course of training`, func(c *results.Courses) { c.Series = nil }},
		{"run plain, term image: 4 steps with 5 values", func(c *results.Courses) { c.Series[0].Steps = c.Series[0].Steps[1:] }},
		{"step 10 follows step 30", func(c *results.Courses) { c.Series[0].Steps[3] = 10 }},
		{"the value of step 20 is infinite", func(c *results.Courses) { c.Series[0].Values[1] = math.Inf(1) }},
		{"run ra has two series of term image", func(c *results.Courses) { c.Series[0].Run = "ra" }},
		{"window of 4 values has no middle", func(c *results.Courses) { c.Window = 4 }},
		{"window of 7 values is wider than a series of 5", func(c *results.Courses) { c.Window = 7 }},
		{"term recognition has no value to draw", func(c *results.Courses) {
			c.Logarithmic, c.Series[2] = true, course("ra", "recognition", 0, -1, 0, 0, math.NaN())
		}},
	} {
		t.Run(test.want, func(t *testing.T) {
			c := twoRuns()
			test.edit(&c)
			figure, err := results.TrainingCurves(c)
			assert.ErrorContains(t, err, test.want)
			assert.Nil(t, figure)
		})
	}
}
