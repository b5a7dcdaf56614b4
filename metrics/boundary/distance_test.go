package boundary

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const within = Step/(1<<(Bisections+1)) + 1e-6 // half of the last bracket, and the rounding of single precision

func randomDirections(t *testing.T, rng *rand.Rand, x Images) Directions {
	t.Helper()
	targets := randomImages(rng, x.Len(), x.Height, x.Width)
	d, err := Toward(x, targets)
	require.NoError(t, err)
	return d
}

func TestMinDistOfLinearClassifiersIsMarginOverSlope(t *testing.T) {
	for _, classes := range []int{2, 3, 10} {
		t.Run(fmt.Sprintf("%d classes", classes), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(uint64(classes), 1))
			const maximum = 2
			crossed, censored := 0, 0
			for range 10 {
				l := randomLinear(rng, classes, 12)
				x := randomImages(rng, 20, 2, 2)
				d := randomDirections(t, rng, x)
				got, err := MinDist(t.Context(), l.classifier(), x, d, maximum, batches(16))
				require.NoError(t, err)
				for i := range got {
					want := closedForm(l, x.At(i), d.Unit.At(i))
					if want > maximum {
						assert.Equal(t, Distance{maximum, Censored}, got[i])
						censored++
						continue
					}
					require.Equal(t, Crossed, got[i].Outcome)
					assert.InDelta(t, want, got[i].Value, 1e-4)
					crossed++
				}
			}
			assert.Greater(t, crossed, 50)
			assert.Greater(t, censored, 20)
		})
	}
}

// closedForm returns where a ray leaves the region of its label, which is convex: the smallest positive
// margin / |<w,d>| over the other classes, infinite where the ray runs away from all of them.
func closedForm(l linear, x, d []float32) float64 {
	base := 0
	for k := range l.weight {
		if l.logit(k, x) > l.logit(base, x) {
			base = k
		}
	}
	first := math.Inf(1)
	for k := range l.weight {
		slope := 0.0
		for i, v := range d {
			slope += (l.weight[k][i] - l.weight[base][i]) * float64(v)
		}
		if slope > 0 {
			first = min(first, (l.logit(base, x)-l.logit(k, x))/slope)
		}
	}
	return first
}

func TestMinDistDoesNotDependOnTheBatchSize(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	f := randomLinear(rng, 4, 3).classifier()
	x := randomImages(rng, 23, 1, 1)
	d := randomDirections(t, rng, x)
	want, err := MinDist(t.Context(), f, x, d, 3, batches(1))
	require.NoError(t, err)
	for _, size := range []int{2, 5, 7, 23, 1000} {
		got, err := MinDist(t.Context(), f, x, d, 3, batches(size))
		require.NoError(t, err)
		assert.Equal(t, want, got, "batches of %d", size)
	}
}

func TestMinDistHalvesTheStepTwelveTimes(t *testing.T) {
	thresholds := []float32{1e-7, 0.25, 0.4999, 0.5, 0.5001, 0.75, 1, 1.37, 3.14159, 9.99, 10}
	for _, threshold := range thresholds {
		t.Run(fmt.Sprint(threshold), func(t *testing.T) {
			x := along(0)
			d, err := Toward(x, along(1))
			require.NoError(t, err)
			got, err := MinDist(t.Context(), halfSpace(threshold), x, d, 10.5, batches(4))
			require.NoError(t, err)
			require.Equal(t, Crossed, got[0].Outcome)
			assert.Positive(t, got[0].Value)
			assert.InDelta(t, float64(threshold), got[0].Value, within)
		})
	}
}

func TestMinDistTakesTheFirstChangeOnTheGrid(t *testing.T) {
	band := func(low, high float32) Classifier {
		return labelled(2, func(image []float32) int {
			if image[0] > low && image[0] < high {
				return 1
			}
			return 0
		})
	}
	cases := []struct {
		name      string
		low, high float32
		want      Distance
	}{
		{"back to the first label later", 1.2, 2.9, Distance{1.2, Crossed}},
		{"one grid point inside", 2.3, 2.6, Distance{2.3, Crossed}},
		{"between two grid points", 1.1, 1.3, Distance{4, Censored}},
		{"beyond the maximum", 4.1, 9, Distance{4, Censored}},
		{"at the last grid point", 3.9, 9, Distance{3.9, Crossed}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d, err := Toward(along(0), along(1))
			require.NoError(t, err)
			for _, size := range []int{1, 3, 50} {
				got, err := MinDist(t.Context(), band(c.low, c.high), along(0), d, 4, batches(size))
				require.NoError(t, err)
				assert.Equal(t, c.want.Outcome, got[0].Outcome)
				assert.InDelta(t, c.want.Value, got[0].Value, within)
			}
		})
	}
}

func TestImagesWithoutDirectionAreSkipped(t *testing.T) {
	x := along(0, 1, 2)
	d, err := Toward(x, along(5, 1, 5))
	require.NoError(t, err)
	require.Equal(t, 1, d.CountSkipped())
	images, most := 0, 0
	got, err := MinDist(t.Context(), watched(halfSpace(3), &images, &most), x, d, 10, batches(1))
	require.NoError(t, err)
	assert.Equal(t, Skipped, got[1].Outcome)
	assert.True(t, math.IsNaN(got[1].Value))
	assert.InDelta(t, 3, got[0].Value, within)
	assert.InDelta(t, 1, got[2].Value, within)
	// The start, the grid up to the crossing (after 3 the label changes at 3.5, after 1 at 1.5), and the bisections.
	assert.Equal(t, (1+7+Bisections)+(1+3+Bisections), images)
}

func TestBatchesAreBounded(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	x := randomImages(rng, 20, 1, 1)
	d := randomDirections(t, rng, x)
	for _, size := range []int{1, 6, 33} {
		images, most := 0, 0
		_, err := MinDist(t.Context(), watched(halfSpace(1.2), &images, &most), x, d, 20, batches(size))
		require.NoError(t, err)
		assert.LessOrEqual(t, most, size)
		assert.Greater(t, most, size/2, "rays that are left share the batch")
	}
}

func TestMinDistEndsWithItsContext(t *testing.T) {
	for _, at := range []int{1, 2, 10} { // in the first look, on the grid, among the bisections
		ctx, cancel := context.WithCancel(t.Context())
		calls := 0
		d, err := Toward(along(0, 0), along(1, 1))
		require.NoError(t, err)
		_, err = MinDist(ctx, cancelling(halfSpace(2.2), cancel, at, &calls), along(0, 0), d, 10, batches(2))
		assert.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, at, calls)
	}
}

func TestMinDistReportsProgress(t *testing.T) {
	d, err := Toward(along(0, 0, 0), along(1, 1, 1))
	require.NoError(t, err)
	var seen []int
	b := Batches{Size: 2, Progress: func(done, total int) {
		assert.Equal(t, 3, total)
		seen = append(seen, done)
	}}
	_, err = MinDist(t.Context(), halfSpace(1.2), along(0, 1, 0), d, 2, b)
	require.NoError(t, err)
	// The ray from 1 crosses first, that from 0 with the next batch; the last one, alone in its block, in its second batch.
	assert.Equal(t, []int{0, 1, 2, 2, 2, 3, 3}, seen)
}

func TestMinDistRefusesBadInput(t *testing.T) {
	x := along(0, 1)
	good, err := Toward(x, along(1, 2))
	require.NoError(t, err)
	long := Directions{Unit: along(1, 2), Skipped: make([]bool, 2)}
	unmarked := Directions{Unit: good.Unit, Skipped: make([]bool, 1)}
	single := Directions{Unit: along(1), Skipped: make([]bool, 1)}
	cases := []struct {
		name    string
		d       Directions
		maximum float64
		size    int
		want    string
	}{
		{"maximum between steps", good, 1.2, 1, "expected a positive multiple of the step 0.5"},
		{"no maximum", good, 0, 1, "expected a positive multiple"},
		{"maximum that is no number", good, math.NaN(), 1, "expected a positive multiple"},
		{"endless", good, math.Inf(1), 1, "expected a positive multiple"},
		{"no batch", good, 1, 0, "the size must be at least 1"},
		{"no unit vectors", long, 1, 1, "the direction of image 1 has length 2; expected 1"},
		{"fewer directions", single, 1, 1, "2 images of 1x1 and 1 of 1x1 do not pair up"},
		{"fewer marks", unmarked, 1, 1, "1 marks of skipped ones do not match 2 images"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := MinDist(t.Context(), halfSpace(0), x, c.d, c.maximum, batches(c.size))
			assert.ErrorContains(t, err, c.want)
		})
	}
}
