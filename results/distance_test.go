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

func twoDirections() results.Distances {
	near := results.DistanceSet{Direction: "adversarial", First: "resnet-s", Second: "vgg-s",
		MinDist: []float64{4, 1, 3, 2}, InterDist: []float64{0, 0.5, 0.5, 1}, CensoredFirst: 3, CensoredSecond: 2, CensoredBoth: 1, Skipped: 5}
	far := near
	far.Direction, far.MinDist, far.InterDist, far.Skipped, far.CensoredBoth = "random", []float64{40, 10, 30, 20}, []float64{1, 1, 2, 3}, 0, 0
	return results.Distances{Title: "Distances", Sets: []results.DistanceSet{near, far}}
}

func TestDistancesAreDrawnAsSharesOfImages(t *testing.T) {
	d := twoDirections()
	d.Linear = true
	figure, err := results.DistanceDistributions(d)
	_, drawn := svgOf(t, figure, err)
	// From (0,0), two vertices per distinct value, and to the right edge.
	x, y := polylines(t, drawn.strokes["#0072B2"], 10)
	require.Len(t, x, 2, "MinDist, one curve per direction")
	height := y[0][9] - y[0][0]
	for i, share := range []float64{0, 0, 0.25, 0.25, 0.5, 0.5, 0.75, 0.75, 1, 1} {
		assert.InDelta(t, share, (y[0][i]-y[0][0])/height, 1e-3)
	}
	assert.InDelta(t, x[0][3]-x[0][1], x[0][5]-x[0][3], 0.01, "1, 2, 3 and 4 are evenly spaced")
	ix, _ := polylines(t, drawn.strokes["#D55E00"], 8)
	require.Len(t, ix, 2, "InterDist has three distinct values in both")
	assert.Equal(t, ix[0][0], ix[0][1], "0 is at the left edge")

	for _, text := range []string{"adversarial", "random", "resnet-s / vgg-s", "n = 4, skipped 5", "censored 3 / 2 (both 1)",
		"n = 4", "censored 3 / 2", "MinDist(f1)", "InterDist(f1,f2)", "share of images", "distance [L2]"} {
		assert.Contains(t, drawn.texts, text)
	}
}

func TestDistancesOnALogarithmicAxis(t *testing.T) {
	figure, err := results.DistanceDistributions(twoDirections())
	_, drawn := svgOf(t, figure, err)
	x, _ := polylines(t, drawn.strokes["#0072B2"], 10)
	require.Len(t, x, 2)
	assert.InDelta(t, x[0][3]-x[0][1], x[0][7]-x[0][3], 0.05, "from 1 to 2 is as far as from 2 to 4")
	assert.InDelta(t, math.Log(2)/math.Log(3), (x[0][3]-x[0][1])/(x[0][5]-x[0][1]), 1e-3)
	assert.Contains(t, drawn.texts, "10")
}

func TestDistancesOfFewOrEqualRays(t *testing.T) {
	empty := results.DistanceSet{Direction: "processing", First: "a", Second: "b", CensoredFirst: 9, CensoredSecond: 9, CensoredBoth: 9}
	same := results.DistanceSet{Direction: "legitimate", First: "a", Second: "c", MinDist: []float64{3, 3}, InterDist: []float64{0, 0}}
	zero := results.DistanceSet{Direction: "random", First: strings.Repeat("a long name ", 9), Second: "b", MinDist: []float64{0}, InterDist: []float64{0}}
	for _, linear := range []bool{false, true} {
		figure, err := results.DistanceDistributions(results.Distances{Sets: []results.DistanceSet{empty, same, zero}, Linear: linear})
		_, drawn := svgOf(t, figure, err)
		assert.Contains(t, drawn.texts, "censored 9 / 9 (both 9)", "nothing crossed, and the panel says so")
		assert.Contains(t, drawn.texts, "n = 0")
		assert.Equal(t, 1, count(drawn.texts, "legitimate"), "no panel for a pair without the direction")
		assert.False(t, slices.ContainsFunc(drawn.texts, func(s string) bool { return strings.Contains(s, "NaN") || strings.Contains(s, "Inf") }))
	}
}

func TestDistancesSayWhatIsWrong(t *testing.T) {
	for _, test := range []struct {
		want string
		edit func(*results.Distances)
	}{
		{`figure "Distances": no distances to draw`, func(d *results.Distances) { d.Sets = nil }},
		{"adversarial, resnet-s / vgg-s: 4 MinDist and 3 InterDist", func(d *results.Distances) { d.Sets[0].InterDist = d.Sets[0].InterDist[:3] }},
		{"NaN is no distance", func(d *results.Distances) { d.Sets[0].MinDist[1] = math.NaN() }},
		{"-1 is no distance", func(d *results.Distances) { d.Sets[1].InterDist[0] = -1 }},
		{"there are two sets of it", func(d *results.Distances) { d.Sets[1].Direction = "adversarial" }},
		{"cannot be", func(d *results.Distances) { d.Sets[0].CensoredBoth = 3 }},
	} {
		t.Run(test.want, func(t *testing.T) {
			d := twoDirections()
			test.edit(&d)
			figure, err := results.DistanceDistributions(d)
			assert.ErrorContains(t, err, test.want)
			assert.Nil(t, figure)
		})
	}
}
