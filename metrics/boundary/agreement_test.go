package boundary

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/metrics/statistics"
)

// unit is a right triangle whose plane is that of the first two values; its grid reaches from -0.1 to 1.1.
var unit = corners([2]float32{0, 0}, [2]float32{1, 0}, [2]float32{0, 1})

func score(t *testing.T, x Images, triplets []Triplet, resolution int, f, g Classifier) RegionScore {
	t.Helper()
	a, err := AgreeOnPlanes(t.Context(), []Classifier{f, g}, x, triplets, resolution, batches(256))
	require.NoError(t, err)
	r, err := a.Pair(0, 1, statistics.Level, 1)
	require.NoError(t, err)
	return r
}

func randomPlanes(t *testing.T, planes int) (Images, []Triplet) {
	t.Helper()
	x := randomImages(rand.New(rand.NewPCG(17, 1)), 30, 2, 2)
	labels := make([]int64, 30)
	for i := range labels {
		labels[i] = int64(i % 5)
	}
	triplets, _, err := Triplets(x, labels, planes, 1)
	require.NoError(t, err)
	return x, triplets
}

func TestAClassifierAgreesWithItself(t *testing.T) {
	x, triplets := randomPlanes(t, 20)
	f := randomLinear(rand.New(rand.NewPCG(18, 1)), 5, 12).classifier()
	r := score(t, x, triplets, 12, f, f)
	assert.Equal(t, 1.0, r.Score)
	assert.Equal(t, 1.0, r.Kappa)
	assert.Equal(t, 1.0, r.KappaInterval.Low)
	assert.Equal(t, 20, r.Planes)
}

func TestAgreementOfHalfPlanesIsTheirArea(t *testing.T) {
	above := func(threshold float32) Classifier {
		return labelled(2, func(image []float32) int {
			if image[1] > threshold {
				return 1
			}
			return 0
		})
	}
	// Shares of the axis from -0.1 to 1.1, 1.2 long.
	cases := []struct {
		name          string
		first, second Classifier
		score, chance float64
	}{
		{"parallel", halfSpace(0.2), halfSpace(0.5), 1 - 0.3/1.2, (0.3*0.6 + 0.9*0.6) / 1.44},
		{"crossing", halfSpace(0.2), above(0.5), (0.3*0.6 + 0.9*0.6) / 1.44, (0.3*0.6 + 0.9*0.6) / 1.44},
		{"outside", halfSpace(0.2), halfSpace(2), 0.3 / 1.2, 0.3 / 1.2},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := score(t, unit, []Triplet{{0, 1, 2}}, 240, c.first, c.second)
			assert.InDelta(t, c.score, r.Score, 0.006) // a column more or less
			assert.InDelta(t, (c.score-c.chance)/(1-c.chance), r.Kappa, 0.015)
		})
	}
}

// Regions that fill most of each plane raise the score of independent labels, and not kappa.
func TestKappaOfIndependentLabelsIsZero(t *testing.T) {
	x, triplets := randomPlanes(t, 60)
	cases := []struct {
		name   string
		shares []float64
		score  float64
	}{
		{"even", []float64{0.25, 0.25, 0.25, 0.25}, 0.25},
		{"one large region", []float64{0.9, 0.05, 0.05}, 0.815},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := score(t, x, triplets, 15, noise(1, c.shares...), noise(2, c.shares...))
			assert.InDelta(t, c.score, r.Score, 0.02)
			assert.Less(t, r.ScoreInterval.Low, c.score)
			assert.Greater(t, r.ScoreInterval.High, c.score)
			assert.Less(t, r.KappaInterval.Low, 0.0)
			assert.Greater(t, r.KappaInterval.High, 0.0)
			assert.Less(t, r.KappaInterval.Half(), 0.05)
			assert.Contains(t, r.KappaInterval.Method, "over planes")
			assert.Contains(t, r.ScoreInterval.Method, "over planes")
		})
	}
}

func TestOppositeLabelsHaveNegativeKappa(t *testing.T) {
	x, triplets := randomPlanes(t, 10)
	f := noise(1, 0.5, 0.5)
	opposite := noise(1, 0.5, 0.5)
	turned := labelled(2, func(image []float32) int {
		labels, err := Predict(context.Background(), opposite, Images{2, 2, image}, batches(1))
		if err != nil {
			panic(err)
		}
		return 1 - int(labels[0])
	})
	r := score(t, x, triplets, 10, f, turned)
	assert.Equal(t, 0.0, r.Score)
	assert.InDelta(t, -1, r.Kappa, 0.05)
}

func TestAllPairsComeFromOnePass(t *testing.T) {
	x, triplets := randomPlanes(t, 8)
	rng := rand.New(rand.NewPCG(19, 1))
	var classifiers []Classifier
	for range 4 {
		classifiers = append(classifiers, randomLinear(rng, 5, 12).classifier())
	}
	all, err := AgreeOnPlanes(t.Context(), classifiers, x, triplets, 9, batches(50))
	require.NoError(t, err)
	distinct := map[float64]bool{}
	for i := range classifiers {
		for j := range classifiers {
			if i == j {
				continue
			}
			got, err := all.Pair(i, j, 0.95, 3)
			require.NoError(t, err)
			two, err := AgreeOnPlanes(t.Context(), []Classifier{classifiers[i], classifiers[j]}, x, triplets, 9, batches(50))
			require.NoError(t, err)
			want, err := two.Pair(0, 1, 0.95, 3)
			require.NoError(t, err)
			assert.Equal(t, want, got, "pair %d, %d", i, j)
			distinct[got.Score] = true
		}
	}
	assert.Len(t, distinct, 6, "every pair has its own score, in either order")
}

func TestAgreementDoesNotDependOnTheBatchSize(t *testing.T) {
	x, triplets := randomPlanes(t, 5)
	rng := rand.New(rand.NewPCG(20, 1))
	f, g := randomLinear(rng, 5, 12).classifier(), randomLinear(rng, 5, 12).classifier()
	want, err := AgreeOnPlanes(t.Context(), []Classifier{f, g}, x, triplets, 11, batches(1))
	require.NoError(t, err)
	for _, size := range []int{7, 11, 64, 121, 5000} {
		images, most := 0, 0
		got, err := AgreeOnPlanes(t.Context(), []Classifier{watched(f, &images, &most), g}, x, triplets, 11, batches(size))
		require.NoError(t, err)
		assert.Equal(t, want, got, "batches of %d", size)
		assert.Equal(t, 5*121, images)
		assert.Equal(t, min(size, 121), most)
	}
}

func TestKappaOfOneLabelDoesNotExist(t *testing.T) {
	one := halfSpace(5)
	r := score(t, unit, []Triplet{{0, 1, 2}, {1, 2, 0}}, 5, one, one)
	assert.Equal(t, 1.0, r.Score)
	assert.True(t, math.IsNaN(r.Kappa))
	assert.False(t, r.KappaInterval.OK())
	require.Len(t, r.Warnings, 1)
	assert.Equal(t, statistics.CodeDegenerate, r.Warnings[0].Code)

	// Planes of one label say nothing about kappa and must not keep the others from it.
	far := corners([2]float32{0, 0}, [2]float32{1, 0}, [2]float32{0, 1}, [2]float32{20, 0}, [2]float32{21, 0}, [2]float32{20, 1})
	mixed := score(t, far, []Triplet{{0, 1, 2}, {3, 4, 5}}, 50, halfSpace(0.2), halfSpace(0.5))
	alone := score(t, far, []Triplet{{0, 1, 2}}, 50, halfSpace(0.2), halfSpace(0.5))
	assert.InDelta(t, alone.Kappa, mixed.Kappa, 1e-12)
	assert.Greater(t, mixed.Score, alone.Score)
}

func TestAgreementReportsPointsAndEndsWithItsContext(t *testing.T) {
	var seen []int
	b := Batches{Size: 10, Progress: func(done, total int) {
		assert.Equal(t, 32, total)
		seen = append(seen, done)
	}}
	f := halfSpace(0.5)
	triplets := []Triplet{{0, 1, 2}, {1, 2, 0}}
	_, err := AgreeOnPlanes(t.Context(), []Classifier{f, f}, unit, triplets, 4, b)
	require.NoError(t, err)
	assert.Equal(t, []int{10, 16, 26, 32}, seen)

	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	_, err = AgreeOnPlanes(ctx, []Classifier{cancelling(f, cancel, 2, &calls), f}, unit, triplets, 4, batches(10))
	assert.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, 2, calls)
}

func TestAgreementRefusesBadInput(t *testing.T) {
	f := halfSpace(0)
	three := labelled(3, func([]float32) int { return 0 })
	line := corners([2]float32{0, 0}, [2]float32{1, 0}, [2]float32{2, 0})
	cases := []struct {
		name        string
		classifiers []Classifier
		x           Images
		triplets    []Triplet
		resolution  int
		size        int
		want        string
	}{
		{"one classifier", []Classifier{f}, unit, []Triplet{{0, 1, 2}}, 5, 1, "1 classifiers on 1 planes; expected at least 2"},
		{"no planes", []Classifier{f, f}, unit, nil, 5, 1, "2 classifiers on 0 planes"},
		{"no resolution", []Classifier{f, f}, unit, []Triplet{{0, 1, 2}}, 1, 1, "grid of 1 points per axis"},
		{"no batch", []Classifier{f, f}, unit, []Triplet{{0, 1, 2}}, 5, 0, "the size must be at least 1"},
		{"no such image", []Classifier{f, f}, unit, []Triplet{{0, 1, 7}}, 5, 1, "plane through images [0 1 7]"},
		{"collinear", []Classifier{f, f}, line, []Triplet{{0, 1, 2}}, 5, 1, ErrCollinear.Error()},
		{"classifiers of several datasets", []Classifier{f, three}, unit, []Triplet{{0, 1, 2}}, 5, 9, "classifier 1 knows 3 classes"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := AgreeOnPlanes(t.Context(), c.classifiers, c.x, c.triplets, c.resolution, batches(c.size))
			assert.ErrorContains(t, err, c.want)
		})
	}
	a, err := AgreeOnPlanes(t.Context(), []Classifier{f, f, f}, unit, []Triplet{{0, 1, 2}}, 3, batches(9))
	require.NoError(t, err)
	for _, pair := range [][2]int{{0, 0}, {-1, 1}, {1, 3}} {
		_, err := a.Pair(pair[0], pair[1], 0.95, 1)
		assert.ErrorContains(t, err, "expected two different ones of 0..2")
	}
	_, err = a.Pair(0, 1, 0, 1)
	assert.ErrorContains(t, err, "confidence level 0 is not between 0 and 1")
}
