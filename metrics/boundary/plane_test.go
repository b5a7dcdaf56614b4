package boundary

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
)

// canvas is the plane of 1x1 images whose first two values are the coordinates times unit.
func canvas(unit float64) Plane {
	return Plane{Height: 1, Width: 1, Origin: []float32{0, 0, 0}, E1: []float32{1, 0, 0}, E2: []float32{0, 1, 0}, Unit: unit}
}

func TestLabelMapsAreRowByRow(t *testing.T) {
	// 0 below the first axis, 1 above it and left of 0, 2 above it and right.
	f := labelled(3, func(image []float32) int {
		switch {
		case image[1] < 0:
			return 0
		case image[0] < 0:
			return 1
		}
		return 2
	})
	right := labelled(3, func(image []float32) int {
		if image[0] > 0.15 {
			return 1
		}
		return 0
	})
	g := Grid{U: []float64{-1, 1, 2}, V: []float64{-1, 3}}
	for _, size := range []int{1, 2, 4, 5, 100} {
		maps, err := LabelMaps(t.Context(), canvas(0.1), g, []Classifier{f, right}, batches(size))
		require.NoError(t, err)
		assert.Equal(t, LabelMap{Rows: 2, Columns: 3, Labels: []int32{0, 0, 0, 1, 2, 2}}, maps[0])
		assert.Equal(t, []int32{0, 0, 1, 0, 0, 1}, maps[1].Labels, "0.1 times the coordinate")
	}
}

func TestSquareIsSymmetricAroundTheOrigin(t *testing.T) {
	g, err := Square(20, 5)
	require.NoError(t, err)
	assert.Equal(t, []float64{-20, -10, 0, 10, 20}, g.U)
	assert.Equal(t, g.U, g.V)
	for _, bad := range []struct {
		reach  float64
		points int
	}{{0, 5}, {-1, 5}, {math.NaN(), 5}, {math.Inf(1), 5}, {1, 1}} {
		_, err := Square(bad.reach, bad.points)
		assert.ErrorContains(t, err, "expected at least 2 and a positive reach")
	}
}

func TestGradientPlaneSpansTheGradientAndItsNormal(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 1))
	l := randomLinear(rng, 2, 48)
	x := randomImages(rng, 3, 4, 4)
	labels := []int64{0, 1, 0}
	p, err := GradientPlane(t.Context(), l.classifier(), x, labels, 1, 5, batches(8))
	require.NoError(t, err)
	assert.Equal(t, x.At(1), p.Origin)
	assert.InDelta(t, 1, norm(p.E1), 1e-6)
	assert.InDelta(t, 1, norm(p.E2), 1e-6)
	assert.InDelta(t, 0, dot(p.E1, p.E2), 1e-7)
	assert.InDelta(t, math.Sqrt(48)/255, p.Unit, 1e-12)
	d, err := AlongGradient(t.Context(), l.classifier(), x, labels, batches(8))
	require.NoError(t, err)
	assert.InDeltaSlice(t, d.Unit.At(1), p.E1, 1e-6)

	// A coordinate of 10 is a change of 10 grey levels, root mean square.
	sum := 0.0
	for k := range p.E2 {
		change := 255 * 10 * p.Unit * float64(p.E2[k])
		sum += change * change
	}
	assert.InDelta(t, 10, math.Sqrt(sum/48), 1e-4)

	again, err := GradientPlane(t.Context(), l.classifier(), x, labels, 1, 5, batches(8))
	require.NoError(t, err)
	assert.Equal(t, p, again)
	other, err := GradientPlane(t.Context(), l.classifier(), x, labels, 1, 6, batches(8))
	require.NoError(t, err)
	assert.Equal(t, p.E1, other.E1)
	assert.Less(t, math.Abs(dot(p.E2, other.E2)), 0.6, "another seed, another normal")
}

// In three dimensions a normal may happen to lie along the gradient, and little of it is left.
func TestNormalIsOrthogonalInSmallSpaces(t *testing.T) {
	for seed := range uint64(200) {
		e := []float32{1, 1e-4, 0}
		scaled(e, e, 1/norm(e))
		v := randomOrthogonal(e, seed, 0)
		require.InDelta(t, 1, norm(v), 1e-6)
		require.InDelta(t, 0, dot(e, v), 1e-6)
	}
}

// The gradient of a linear classifier is normal to its boundary, which is then a vertical line of the plane.
func TestRegionsOfALinearClassifierAreHalfPlanes(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 1))
	l := randomLinear(rng, 2, 27)
	x := randomImages(rng, 1, 3, 3)
	margin := l.logit(0, x.At(0)) - l.logit(1, x.At(0))
	label := int64(0)
	if margin < 0 {
		label, margin = 1, -margin
	}
	apart := 0.0
	for k := range l.weight[0] {
		apart += square(l.weight[0][k] - l.weight[1][k])
	}
	edge := margin / math.Sqrt(apart) / (math.Sqrt(27) / 255) // where the label changes, in grey levels
	moved := linear{l.weight, []float64{l.bias[0], l.bias[1]}}
	moved.bias[label] += 0.5 * margin // half as far again
	p, err := GradientPlane(t.Context(), l.classifier(), x, []int64{label}, 0, 1, batches(64))
	require.NoError(t, err)
	g, err := Square(2*edge, 41)
	require.NoError(t, err)
	maps, err := LabelMaps(t.Context(), p, g, []Classifier{l.classifier(), moved.classifier()}, batches(64))
	require.NoError(t, err)
	// Columns are at -2, -1.9 ... 2 edges; the column at the edge itself may fall on either side of it.
	for i, got := range maps[0].Labels {
		u := -2 + 0.1*float64(i%41)
		if math.Abs(u-1) > 0.01 {
			assert.Equal(t, u < 1, int64(got) == label)
		}
		if math.Abs(u-1.5) > 0.01 {
			assert.Equal(t, u < 1.5, int64(maps[1].Labels[i]) == label)
		}
	}
	iou, ok, err := RegionIoU(maps[0], maps[1], label)
	require.NoError(t, err)
	require.True(t, ok)
	assert.InDelta(t, 3/3.5, iou, 0.03) // from -2 to 1 of from -2 to 1.5 edges, by whole columns
}

func square(v float64) float64 { return v * v }

func TestRegionIoUInClosedForm(t *testing.T) {
	m := func(labels ...int32) LabelMap { return LabelMap{Rows: 2, Columns: len(labels) / 2, Labels: labels} }
	cases := []struct {
		name          string
		first, second LabelMap
		class         int64
		iou           float64
		ok            bool
	}{
		{"equal", m(1, 0, 1, 2), m(1, 0, 1, 2), 1, 1, true},
		{"equal in this class", m(1, 0, 1, 2), m(1, 2, 1, 0), 1, 1, true},
		{"apart", m(1, 0, 0, 0), m(0, 1, 0, 0), 1, 0, true},
		{"one of three", m(1, 1, 0, 0), m(1, 0, 1, 0), 1, 1.0 / 3, true},
		{"in one only", m(1, 1, 0, 0), m(0, 0, 0, 0), 1, 0, true},
		{"in neither", m(1, 1, 0, 0), m(0, 1, 0, 0), 2, math.NaN(), false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			iou, ok, err := RegionIoU(c.first, c.second, c.class)
			require.NoError(t, err)
			turned, _, err := RegionIoU(c.second, c.first, c.class)
			require.NoError(t, err)
			assert.Equal(t, c.ok, ok)
			if c.ok {
				assert.InDelta(t, c.iou, iou, 1e-12)
				assert.Equal(t, iou, turned)
			} else {
				assert.True(t, math.IsNaN(iou))
			}
		})
	}
	_, _, err := RegionIoU(m(1, 2), m(1, 2, 3, 4), 1)
	assert.ErrorContains(t, err, "maps of 2x1 and 2x2 points do not pair up")
}

func TestPlanesRefuseBadInput(t *testing.T) {
	g := Grid{U: []float64{0, 1}, V: []float64{0, 1}}
	label := func(p Plane, g Grid, size int, f ...Classifier) func() error {
		return func() error {
			_, err := LabelMaps(t.Context(), p, g, f, batches(size))
			return err
		}
	}
	gradient := func(f Classifier, i int) func() error {
		return func() error {
			_, err := GradientPlane(t.Context(), f, along(0, -1), []int64{0, 0}, i, 1, batches(1))
			return err
		}
	}
	rectified := ClassifierFunc(func(x aten.Tensor) aten.Tensor { return aten.Narrow(aten.ReLU(aten.Flatten(x, 1)), 1, 0, 2) })
	short := canvas(1)
	short.E2 = short.E2[:2]
	three := labelled(3, func([]float32) int { return 0 })
	cases := []struct {
		name string
		run  func() error
		want string
	}{
		{"no classifier", label(canvas(1), g, 4), "4 grid points for 0 classifiers"},
		{"no grid", label(canvas(1), Grid{}, 4, halfSpace(0)), "0 grid points for 1 classifiers"},
		{"no batch", label(canvas(1), g, 0, halfSpace(0)), "the size must be at least 1"},
		{"no unit", label(canvas(0), g, 4, halfSpace(0)), "axis unit 0; expected a positive length"},
		{"axis of another size", label(short, g, 4, halfSpace(0)), "a plane of 3, 3 and 2 values; expected images of 3x1x1"},
		{"classifiers of several datasets", label(canvas(1), g, 4, halfSpace(0), three), "classifier 1 knows 3 classes, classifier 0 knows 2"},
		{"zero gradient", gradient(rectified, 1), ErrZeroGradient.Error()},
		{"no such image", gradient(rectified, 2), "there are images 0..1 only"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { assert.ErrorContains(t, c.run(), c.want) })
	}
}

func TestLabelMapsEndWithTheirContextAndReportProgress(t *testing.T) {
	g, err := Square(1, 5)
	require.NoError(t, err)
	var seen []int
	b := Batches{Size: 10, Progress: func(done, total int) {
		assert.Equal(t, 25, total)
		seen = append(seen, done)
	}}
	_, err = LabelMaps(t.Context(), canvas(1), g, []Classifier{halfSpace(0)}, b)
	require.NoError(t, err)
	assert.Equal(t, []int{10, 20, 25}, seen)

	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	_, err = LabelMaps(ctx, canvas(1), g, []Classifier{cancelling(halfSpace(0), cancel, 2, &calls)}, batches(5))
	assert.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, 2, calls)
}
