package boundary

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
)

func TestTowardPointsAtTheTarget(t *testing.T) {
	x := Images{1, 2, []float32{0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1}}
	targets := Images{1, 2, []float32{3, 0, 0, 4, 0, 0, 1, 1, 1, 1, 1, 1}}
	d, err := Toward(x, targets)
	require.NoError(t, err)
	assert.InDeltaSlice(t, []float32{0.6, 0, 0, 0.8, 0, 0}, d.Unit.At(0), 1e-7)
	assert.Equal(t, []bool{false, true}, d.Skipped)
	assert.Equal(t, 1, d.CountSkipped())
}

func TestTowardNearestLooksAtOtherClassesOnly(t *testing.T) {
	x := along(0, 1, 5, 7, 11, 5)
	labels := []int64{0, 0, 1, 0, 2, 2}
	d, err := TowardNearest(t.Context(), x, labels)
	require.NoError(t, err)
	// From 0 to 5, 1 to 5, 5 to the equal image of class 2, 7 to 5, 11 to 7, 5 to the equal image of class 1.
	assert.Equal(t, []bool{false, false, true, false, false, true}, d.Skipped)
	for i, sign := range []float32{1, 1, 0, -1, -1, 0} {
		assert.Equal(t, []float32{sign, 0, 0}, d.Unit.At(i))
	}
}

func TestTowardNearestTakesTheFirstOfEquallyNear(t *testing.T) {
	d, err := TowardNearest(t.Context(), along(0, 2, -2), []int64{0, 1, 1})
	require.NoError(t, err)
	assert.Equal(t, []float32{1, 0, 0}, d.Unit.At(0))
}

// The search gives up on an image as soon as it is farther than the nearest so far; a full search must find the same.
func TestTowardNearestEqualsAFullSearch(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	x := randomImages(rng, 30, 20, 25)
	var labels []int64
	for range 30 {
		labels = append(labels, rng.Int64N(4))
	}
	d, err := TowardNearest(t.Context(), x, labels)
	require.NoError(t, err)
	targets := Images{Height: 20, Width: 25}
	for i := range labels {
		nearest := -1
		for j := range labels {
			if labels[j] != labels[i] && (nearest < 0 || norm(difference(x.At(j), x.At(i))) < norm(difference(x.At(nearest), x.At(i)))) {
				nearest = j
			}
		}
		targets.Pixels = append(targets.Pixels, x.At(nearest)...)
	}
	want, err := Toward(x, targets)
	require.NoError(t, err)
	assert.Equal(t, want, d)
}

func TestTowardRandomReachesEveryOtherClassEvenly(t *testing.T) {
	x := along(0, 1, -1, 2) // the last two are of other classes, on either side of the first two
	labels := []int64{0, 0, 1, 2}
	left := 0
	for seed := range uint64(400) {
		d, err := TowardRandom(x, labels, seed)
		require.NoError(t, err)
		again, err := TowardRandom(x, labels, seed)
		require.NoError(t, err)
		require.Equal(t, d, again)
		assert.Positive(t, d.Unit.At(2)[0])
		assert.Negative(t, d.Unit.At(3)[0])
		if d.Unit.At(0)[0] < 0 {
			left++
		}
	}
	assert.InDelta(t, 200, left, 50, "five standard deviations of a fair coin")
}

func TestGradientOfALinearClassifier(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	l := randomLinear(rng, 2, 12)
	x := randomImages(rng, 9, 2, 2)
	labels := make([]int64, 9)
	for i := range labels {
		labels[i] = int64(i % 2)
	}
	want := make([]float32, 12) // of label 0 the loss rises toward class 1
	for k := range want {
		want[k] = float32(l.weight[1][k] - l.weight[0][k])
	}
	scaled(want, want, 1/norm(want))
	opposite := make([]float32, 12)
	scaled(opposite, want, -1)
	var first Directions
	for _, size := range []int{1, 4, 9} {
		d, err := AlongGradient(t.Context(), l.classifier(), x, labels, batches(size))
		require.NoError(t, err)
		assert.Zero(t, d.CountSkipped())
		for i, label := range labels {
			expected := want
			if label == 1 {
				expected = opposite
			}
			assert.InDeltaSlice(t, expected, d.Unit.At(i), 1e-6)
		}
		if size == 1 {
			first = d
		}
		for k, v := range first.Unit.Pixels {
			assert.InDelta(t, v, d.Unit.Pixels[k], 1e-6, "batches of %d", size)
		}
	}
}

func TestSureClassifiersStillHaveAGradient(t *testing.T) {
	l := linear{weight: [][]float64{{20, 0, 0}, {-20, 0, 0}}, bias: []float64{0, 0}}
	d, err := AlongGradient(t.Context(), l.classifier(), along(0.6), []int64{0}, batches(1)) // sure to 4e-11
	require.NoError(t, err)
	assert.Equal(t, []bool{false}, d.Skipped)
	assert.InDeltaSlice(t, []float32{-1, 0, 0}, d.Unit.At(0), 1e-6)
}

func TestZeroGradientsAreSkipped(t *testing.T) {
	// Below 0 the rectifier lets nothing through.
	f := ClassifierFunc(func(x aten.Tensor) aten.Tensor {
		return aten.Linear(aten.ReLU(aten.Flatten(x, 1)), aten.FromFloats(nil, []float32{1, 0, 0, -1, 0, 0}, 2, 3), aten.Tensor{})
	})
	d, err := AlongGradient(t.Context(), f, along(0.5, -0.5, 0.7), []int64{0, 0, 1}, batches(2))
	require.NoError(t, err)
	assert.Equal(t, []bool{false, true, false}, d.Skipped)
	assert.Equal(t, 1, d.CountSkipped())
}

func TestDirectionsRefuseBadInput(t *testing.T) {
	x := along(0, 1)
	linear := linear{weight: [][]float64{{1, 0, 0}, {0, 0, 0}}, bias: []float64{0, 0}}.classifier()
	gradient := func(f Classifier, labels ...int64) func() error {
		return func() error {
			_, err := AlongGradient(t.Context(), f, x, labels, batches(2))
			return err
		}
	}
	cut := ClassifierFunc(func(x aten.Tensor) aten.Tensor { return linear.Logits(x.Detach()) })
	cases := []struct {
		name string
		run  func() error
		want string
	}{
		{"targets of another number", func() error { _, err := Toward(x, along(0)); return err }, "do not pair up"},
		{"one class", func() error { _, err := TowardNearest(t.Context(), x, []int64{3, 3}); return err }, "all 2 images have the label 3"},
		{"one class, at random", func() error { _, err := TowardRandom(x, []int64{3, 3}, 1); return err }, "all 2 images have the label 3"},
		{"fewer labels", func() error { _, err := TowardRandom(x, []int64{3}, 1); return err }, "1 labels do not match 2 images"},
		{"negative label", gradient(linear, 0, -1), "label -1 of image 1 is negative"},
		{"label beyond the classes", gradient(linear, 0, 2), "label 2 of image 1 is outside the classifier's classes 0..1"},
		{"no gradient", gradient(cut, 0, 1), "logits carry no gradient"},
		{"ended context", func() error {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := TowardNearest(ctx, x, []int64{0, 1})
			return err
		}, "context canceled"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { assert.ErrorContains(t, c.run(), c.want) })
	}
}
