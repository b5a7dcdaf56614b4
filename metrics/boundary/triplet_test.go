package boundary

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// corners returns 1x1 images at the given places of the plane of their first two values.
func corners(places ...[2]float32) Images {
	x := Images{Height: 1, Width: 1}
	for _, p := range places {
		x.Pixels = append(x.Pixels, p[0], p[1], 0)
	}
	return x
}

func TestGridCoversTheTriangleWithATenthAround(t *testing.T) {
	cases := []struct {
		name     string
		x        Images
		triangle Triangle
		u, v     [2]float64 // the ends of the axes
	}{
		{"third above", corners([2]float32{1, 1}, [2]float32{5, 1}, [2]float32{3, 4}), Triangle{4, [2]float64{2, 3}}, [2]float64{-0.4, 4.4}, [2]float64{-0.3, 3.3}},
		{"third left of the first", corners([2]float32{0, 0}, [2]float32{4, 0}, [2]float32{-6, 2}), Triangle{4, [2]float64{-6, 2}}, [2]float64{-7, 5}, [2]float64{-0.2, 2.2}},
		{"third right of the second", corners([2]float32{0, 0}, [2]float32{4, 0}, [2]float32{9, 1}), Triangle{4, [2]float64{9, 1}}, [2]float64{-0.9, 9.9}, [2]float64{-0.1, 1.1}},
		{"third below", corners([2]float32{0, 0}, [2]float32{4, 0}, [2]float32{1, -5}), Triangle{4, [2]float64{1, 5}}, [2]float64{-0.4, 4.4}, [2]float64{-0.5, 5.5}},
		{"turned", corners([2]float32{0, 0}, [2]float32{0, 2}, [2]float32{-1, 0}), Triangle{2, [2]float64{0, 1}}, [2]float64{-0.2, 2.2}, [2]float64{-0.1, 1.1}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p, triangle, err := ThroughTriplet(c.x, Triplet{0, 1, 2})
			require.NoError(t, err)
			assert.InDelta(t, c.triangle.Second, triangle.Second, 1e-6)
			assert.InDeltaSlice(t, c.triangle.Third[:], triangle.Third[:], 1e-6)
			g, err := triangle.Grid(13)
			require.NoError(t, err)
			require.Len(t, g.U, 13)
			require.Len(t, g.V, 13)
			assert.InDeltaSlice(t, c.u[:], []float64{g.U[0], g.U[12]}, 1e-6)
			assert.InDeltaSlice(t, c.v[:], []float64{g.V[0], g.V[12]}, 1e-6)
			for k := range 12 {
				assert.InDelta(t, (c.u[1]-c.u[0])/12, g.U[k+1]-g.U[k], 1e-6)
				assert.InDelta(t, (c.v[1]-c.v[0])/12, g.V[k+1]-g.V[k], 1e-6)
			}
			// The corners have the coordinates that the triangle says.
			for i, at := range [][2]float64{{0, 0}, {triangle.Second, 0}, triangle.Third} {
				for k, want := range c.x.At(i) {
					got := float64(p.Origin[k]) + p.Unit*(at[0]*float64(p.E1[k])+at[1]*float64(p.E2[k]))
					assert.InDelta(t, want, got, 1e-6)
				}
			}
		})
	}
}

func TestPlaneOfATripletIsOrthonormal(t *testing.T) {
	x := randomImages(rand.New(rand.NewPCG(14, 1)), 3, 8, 8)
	p, _, err := ThroughTriplet(x, Triplet{2, 0, 1})
	require.NoError(t, err)
	assert.InDelta(t, 1, norm(p.E1), 1e-6)
	assert.InDelta(t, 1, norm(p.E2), 1e-6)
	assert.InDelta(t, 0, dot(p.E1, p.E2), 1e-6)
	assert.Equal(t, 1.0, p.Unit)
}

func TestCollinearTripletsAreRefused(t *testing.T) {
	cases := []struct {
		name  string
		x     Images
		plane bool
	}{
		{"on a line", corners([2]float32{0, 0}, [2]float32{1, 2}, [2]float32{2, 4}), false},
		{"on a line, backwards", corners([2]float32{0, 0}, [2]float32{1, 2}, [2]float32{-3, -6}), false},
		{"first equals second", corners([2]float32{1, 1}, [2]float32{1, 1}, [2]float32{2, 4}), false},
		{"first equals third", corners([2]float32{1, 1}, [2]float32{2, 4}, [2]float32{1, 1}), false},
		{"second equals third", corners([2]float32{1, 1}, [2]float32{2, 4}, [2]float32{2, 4}), false},
		{"almost on a line", corners([2]float32{0, 0}, [2]float32{1, 0}, [2]float32{1, 0.0009}), false},
		{"slim", corners([2]float32{0, 0}, [2]float32{1, 0}, [2]float32{1, 0.0011}), true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for _, order := range []Triplet{{0, 1, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
				_, _, err := ThroughTriplet(c.x, order)
				assert.Equal(t, c.plane, err == nil, "in the order %v", order)
			}
			_, _, err := ThroughTriplet(c.x, Triplet{0, 1, 2})
			triplets, collinear, drawn := Triplets(c.x, []int64{0, 1, 2}, 1, 1)
			if c.plane {
				require.NoError(t, err)
				require.NoError(t, drawn)
				assert.Zero(t, collinear)
				assert.Len(t, triplets, 1)
				return
			}
			assert.ErrorIs(t, err, ErrCollinear)
			assert.ErrorContains(t, drawn, "found only 0 of 1 planes, refusing 1 triplets that lie on a line")
			assert.Equal(t, 1, collinear)
		})
	}
}

func TestTripletsHaveDistinctLabelsAndDiffer(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 1))
	x := randomImages(rng, 12, 1, 2)
	labels := []int64{0, 1, 2, 3, 0, 1, 2, 0, 0, 0, 3, 5}
	triplets, collinear, err := Triplets(x, labels, 60, 3)
	require.NoError(t, err)
	assert.Zero(t, collinear)
	require.Len(t, triplets, 60)
	seen := map[Triplet]bool{}
	for _, tr := range triplets {
		p, q, r := labels[tr[0]], labels[tr[1]], labels[tr[2]]
		assert.True(t, p != q && q != r && p != r, "%v", tr)
		assert.False(t, seen[tr.sorted()], "%v twice", tr)
		seen[tr.sorted()] = true
	}
	fewer, _, err := Triplets(x, labels, 20, 3)
	require.NoError(t, err)
	assert.Equal(t, triplets[:20], fewer, "a longer list begins with the shorter one")
	other, _, err := Triplets(x, labels, 20, 4)
	require.NoError(t, err)
	assert.NotEqual(t, fewer, other, "another seed")
}

func TestEveryTripletCanBeDrawn(t *testing.T) {
	x := randomImages(rand.New(rand.NewPCG(16, 1)), 7, 1, 1)
	labels := []int64{0, 0, 0, 0, 1, 1, 2} // 4 * 2 * 1
	triplets, _, err := Triplets(x, labels, 8, 1)
	require.NoError(t, err)
	assert.Len(t, triplets, 8)
	_, _, err = Triplets(x, labels, 9, 1)
	assert.ErrorContains(t, err, "9 planes, but 7 images have 8 triplets of pairwise distinct labels")
}

func TestTripletsRefuseBadInput(t *testing.T) {
	x := corners([2]float32{0, 0}, [2]float32{1, 0}, [2]float32{0, 1})
	cases := []struct {
		name   string
		labels []int64
		planes int
		want   string
	}{
		{"two classes", []int64{0, 1, 1}, 1, "1 planes, but 3 images have 0 triplets"},
		{"no planes", []int64{0, 1, 2}, 0, "0 planes; expected at least 1"},
		{"fewer labels", []int64{0, 1}, 1, "2 labels do not match 3 images"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := Triplets(x, c.labels, c.planes, 1)
			assert.ErrorContains(t, err, c.want)
		})
	}
	_, _, err := ThroughTriplet(x, Triplet{0, 1, 3})
	assert.ErrorContains(t, err, "plane through images [0 1 3]: there are 3 images")
	_, err = Triangle{1, [2]float64{0, 1}}.Grid(1)
	assert.ErrorContains(t, err, "grid of 1 points per axis")
}
