package boundary

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
)

type golden struct {
	Height, Width, Classes, Resolution int
	Maximum                            float64
	Networks                           []struct{ Hidden, Bias, Out []float32 }
	Images                             []float32
	Labels                             []int64
	Nearest                            []int
	Directions                         map[string]struct {
		Units     [][]float64
		Distances [][]*float64
	}
	Planes []struct {
		Triplet       Triplet
		U, V          []float64
		Labels        [][]int32
		Agree, Chance float64
	}
	Score, Kappa float64

	images      Images
	classifiers []Classifier
}

// loadGolden reads what scripts/goldens/boundary.py wrote.
func loadGolden(t *testing.T) golden {
	t.Helper()
	var g golden
	text, err := os.ReadFile("../../testdata/boundary/golden.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &g))
	g.images = Images{g.Height, g.Width, g.Images}
	for _, n := range g.Networks {
		units := len(n.Bias)
		hidden, bias := aten.FromFloats(nil, n.Hidden, units, g.images.Dimension()), aten.FromFloats(nil, n.Bias, units)
		out := aten.FromFloats(nil, n.Out, g.Classes, units)
		g.classifiers = append(g.classifiers, ClassifierFunc(func(x aten.Tensor) aten.Tensor {
			return aten.Linear(aten.Tanh(aten.Linear(aten.Flatten(x, 1), hidden, bias)), out, aten.Tensor{})
		}))
	}
	return g
}

func TestDistancesEqualNumpy(t *testing.T) {
	g := loadGolden(t)
	predicted, err := Predict(t.Context(), g.classifiers[0], g.images, batches(4))
	require.NoError(t, err)
	require.Equal(t, g.Labels, predicted)
	legitimate, err := TowardNearest(t.Context(), g.images, g.Labels)
	require.NoError(t, err)
	toward, err := Toward(g.images, g.images.pick(g.Nearest))
	require.NoError(t, err)
	assert.Equal(t, toward, legitimate)
	adversarial, err := AlongGradient(t.Context(), g.classifiers[0], g.images, g.Labels, batches(4))
	require.NoError(t, err)
	for name, d := range map[string]Directions{"legitimate": legitimate, "adversarial": adversarial} {
		t.Run(name, func(t *testing.T) {
			want := g.Directions[name]
			compared, censored := 0, 0
			for i, unit := range want.Units {
				got := d.Unit.At(i)
				for k, v := range unit {
					assert.InDelta(t, v, got[k], 1e-5, "direction of image %d", i)
				}
			}
			for k, f := range g.classifiers {
				got, err := MinDist(t.Context(), f, g.images, d, g.Maximum, batches(4))
				require.NoError(t, err)
				for i, distance := range want.Distances[k] {
					switch {
					case distance == nil: // a change that no grid of this step sees
					case *distance < 0:
						assert.Equal(t, Distance{g.Maximum, Censored}, got[i])
						censored++
					default:
						assert.Equal(t, Crossed, got[i].Outcome)
						assert.InDelta(t, *distance, got[i].Value, 1e-4, "image %d", i)
						compared++
					}
				}
			}
			assert.GreaterOrEqual(t, compared+censored, 27)
		})
	}
}

func TestPlanesEqualNumpy(t *testing.T) {
	g := loadGolden(t)
	var triplets []Triplet
	for _, plane := range g.Planes {
		p, triangle, err := ThroughTriplet(g.images, plane.Triplet)
		require.NoError(t, err)
		grid, err := triangle.Grid(g.Resolution)
		require.NoError(t, err)
		assert.InDeltaSlice(t, plane.U, grid.U, 1e-5)
		assert.InDeltaSlice(t, plane.V, grid.V, 1e-5)
		maps, err := LabelMaps(t.Context(), p, grid, g.classifiers, batches(64))
		require.NoError(t, err)
		for k := range maps {
			assert.Equal(t, plane.Labels[k], maps[k].Labels)
		}
		triplets = append(triplets, plane.Triplet)
	}
	a, err := AgreeOnPlanes(t.Context(), g.classifiers, g.images, triplets, g.Resolution, batches(64))
	require.NoError(t, err)
	for i, plane := range g.Planes {
		assert.InDelta(t, plane.Agree, a.Agree[0][i], 1e-12)
		assert.InDelta(t, plane.Chance, a.Chance[0][i], 1e-12)
	}
	r, err := a.Pair(0, 1, 0.95, 1)
	require.NoError(t, err)
	assert.InDelta(t, g.Score, r.Score, 1e-12)
	assert.InDelta(t, g.Kappa, r.Kappa, 1e-12)
}
