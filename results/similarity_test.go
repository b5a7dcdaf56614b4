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

// onALine are five points of gain 10 s - 2 with intervals of one point.
func onALine() results.Similarities {
	s := results.Similarities{Title: "Similarity"}
	for i := range 5 {
		x := 0.2 * float64(i)
		s.Points = append(s.Points, results.SimilarityPoint{Panel: "sr", Group: []string{"resnet-s", "vgg-s"}[i%2],
			Similarity: x, Gain: 10*x - 2, Low: 10*x - 3, High: 10*x - 1})
	}
	return s
}

func TestGainAgainstSimilarityShowsPointsIntervalsAndTrend(t *testing.T) {
	s := onALine()
	s.Points[1].Gain, s.Points[2].Gain = 1, 0.5 // out of order: rho 0.9
	s.Points[1].High, s.Points[2].Low = 2, 0
	figure, err := results.GainAgainstSimilarity(s)
	svg, d := svgOf(t, figure, err)
	line, along := polylines(t, d.strokes["#969696"], 41)
	require.Len(t, line, 1, "the trend")
	// Least squares of -2 1 0.5 4 6 on 0 .2 .4 .6 .8 is 9.5 x - 1.9.
	rise := (along[0][40] - along[0][0]) / (line[0][40] - line[0][0])
	assert.InDelta(t, rise, (along[0][20]-along[0][0])/(line[0][20]-line[0][0]), 1e-2, "straight")
	bars, heights := polylines(t, d.strokes["#0072B2"], 2)
	first := slices.IndexFunc(bars, func(x []float64) bool { return x[0] == x[1] }) // not a cap; it is 2 points long
	require.GreaterOrEqual(t, first, 0)
	assert.InDelta(t, line[0][0], bars[first][0], 1e-2, "the trend ends at the outermost points")
	unit := math.Abs(heights[first][1]-heights[first][0]) / 2
	middle := (heights[first][1] + heights[first][0]) / 2
	assert.InDelta(t, 0.1, (along[0][0]-middle)/unit, 0.02, "-1.9 is 0.1 above the first gain")
	assert.InDelta(t, 7.6, (along[0][40]-along[0][0])/unit, 0.02)
	assert.Contains(t, svg, "fill:#EBEBEB", "the band")
	assert.True(t, slices.ContainsFunc(d.texts, func(s string) bool { return strings.HasPrefix(s, "ρ = 0.90 [") && strings.HasSuffix(s, "n = 5") }))
	for _, text := range []string{"sr", "resnet-s", "vgg-s", "boundary similarity", "gain over plain [points]"} {
		assert.Contains(t, d.texts, text)
	}
}

func TestTooFewPointsHaveNoTrend(t *testing.T) {
	s := onALine()
	s.Points = s.Points[:3]
	s.Points[2].Panel = "dn"
	s.Points = append(s.Points, results.SimilarityPoint{Panel: "jpeg", Similarity: math.NaN(), Gain: 1, Low: math.NaN(), High: math.NaN()})
	figure, err := results.GainAgainstSimilarity(s)
	svg, d := svgOf(t, figure, err)
	assert.NotContains(t, svg, "fill:#EBEBEB")
	assert.Contains(t, d.texts, "no ρ, n = 1")
	assert.NotContains(t, d.texts, "jpeg")
	all := strings.Join(d.texts, " ")
	assert.Contains(t, all, "1 point without a number left out.")
	assert.NotContains(t, all, "least squares")
}

func TestEqualSimilaritiesHaveNoTrend(t *testing.T) {
	s := onALine()
	for i := range s.Points {
		s.Points[i].Similarity = 0.5
	}
	figure, err := results.GainAgainstSimilarity(s)
	_, d := svgOf(t, figure, err)
	assert.Contains(t, d.texts, "no ρ, n = 5")
}

func TestLabelsThatWouldOverlapAreLeftOut(t *testing.T) {
	s := onALine()
	for i := range 40 {
		p := s.Points[0]
		p.Similarity, p.Label, p.Shape = 0.4+1e-4*float64(i), "a label", "to vgg-s"
		s.Points = append(s.Points, p)
	}
	figure, err := results.GainAgainstSimilarity(s)
	_, d := svgOf(t, figure, err)
	assert.Less(t, count(d.texts, "a label"), 10)
	assert.Greater(t, count(d.texts, "a label"), 0)
	assert.Contains(t, d.texts, "to vgg-s", "the legend explains shapes")
	assert.Contains(t, strings.Join(d.texts, " "), "labels where there is room")
}

func TestGainAgainstSimilaritySaysWhatIsWrong(t *testing.T) {
	for _, test := range []struct {
		want string
		edit func(*results.Similarities)
	}{
		{`figure "Similarity": none of the 0 points has`, func(s *results.Similarities) { s.Points = nil }},
		{"point sr vgg-s: interval from -1 to 0.2 is none of gain 7", func(s *results.Similarities) { s.Points[1].Gain, s.Points[1].High = 7, 0.2 }},
		{"is infinite", func(s *results.Similarities) { s.Points[1].Similarity = math.Inf(1) }},
		{"is none of gain", func(s *results.Similarities) { s.Points[0].Low = math.NaN() }},
	} {
		t.Run(test.want, func(t *testing.T) {
			s := onALine()
			test.edit(&s)
			figure, err := results.GainAgainstSimilarity(s)
			assert.ErrorContains(t, err, test.want)
			assert.Nil(t, figure)
		})
	}
}
