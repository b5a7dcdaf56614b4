package boundary

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Images so large that a batch is made in several pieces: every point must come from its own image and coordinates.
func TestLargeImagesAreMadeInPieces(t *testing.T) {
	const height, width, n = 200, 300, 14
	require.Greater(t, n, 2*piece/(3*height*width), "more than two pieces")
	x := Images{Height: height, Width: width, Pixels: make([]float32, n*3*height*width)}
	targets := Images{Height: height, Width: width, Pixels: make([]float32, len(x.Pixels))}
	for i := range n {
		x.At(i)[0] = float32(i) * 0.3
		targets.At(i)[0], targets.At(i)[1] = 100, float32(10*i) // each its own slope
	}
	d, err := Toward(x, targets)
	require.NoError(t, err)
	distances, err := MinDist(t.Context(), halfSpace(5), x, d, 10, batches(n))
	require.NoError(t, err)
	for i, got := range distances {
		assert.InDelta(t, (5-0.3*float64(i))/float64(d.Unit.At(i)[0]), got.Value, within, "image %d", i)
	}

	p := Plane{Height: height, Width: width, Origin: x.At(0), E1: make([]float32, x.Dimension()), E2: make([]float32, x.Dimension()), Unit: 1}
	p.E1[0], p.E2[1] = 1, 1
	g := Grid{U: []float64{0, 1, 2, 3}, V: []float64{0, 4, 8, 12}}
	number := labelled(16, func(image []float32) int { return int(image[0] + image[1]) })
	maps, err := LabelMaps(t.Context(), p, g, []Classifier{number}, batches(n))
	require.NoError(t, err)
	assert.Equal(t, []int32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, maps[0].Labels)
}
