package data

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/data/imaging"
)

func TestFittedSizeKeepsTheAspectRatioUnderBothBounds(t *testing.T) {
	for _, c := range []struct{ width, height, short, long, wantWidth, wantHeight int }{
		{500, 375, 600, 1000, 800, 600},
		{375, 500, 600, 1000, 600, 800},
		{640, 480, 600, 1000, 800, 600},
		{500, 333, 600, 1000, 901, 600}, // 900.9
		{500, 300, 600, 1000, 1000, 600},
		{500, 281, 600, 1000, 1000, 562}, // the longer side decides
		{4, 3, 2, 0, 3, 2},               // 2.67
		{5, 4, 2, 0, 3, 2},               // 2.5: halves go up
		{100, 1, 600, 1000, 1000, 10},
		{5000, 1, 600, 1000, 1000, 1}, // 0.2
		{30, 30, 30, 10, 10, 10},
	} {
		width, height := fittedSize(c.width, c.height, c.short, c.long)
		assert.Equal(t, [2]int{c.wantWidth, c.wantHeight}, [2]int{width, height}, "%+v", c)
	}
}

func TestPaddingRepeatsTheLastColumnAndRow(t *testing.T) {
	image := imaging.New(2, 3)
	for i := range image.Pix {
		image.Pix[i] = uint8(i)
	}
	result := padded(image, 4)
	require.Equal(t, []int{4, 4}, []int{result.Width, result.Height})
	row := func(y uint8) []uint8 {
		last := []uint8{6*y + 3, 6*y + 4, 6*y + 5}
		return append(append([]uint8{6 * y, 6*y + 1, 6*y + 2}, last...), append(append([]uint8{}, last...), last...)...)
	}
	var want []uint8
	for _, y := range []uint8{0, 1, 2, 2} {
		want = append(want, row(y)...)
	}
	assert.Equal(t, want, result.Pix)
	assert.Same(t, image, padded(image, 1))
	assert.Equal(t, frame{height: 4, width: 4, validHeight: 3, validWidth: 2}, frameOf(2, 3, 4))
}

func TestBoxesFollowResizingAndFlipping(t *testing.T) {
	objects := []Object{{Class: 1, Box: [4]float64{0, 0, 30, 7}}, {Class: 2, Box: [4]float64{3, 1, 10, 3.5}, Difficult: true}}
	resized := stretched(objects, imaging.New(30, 7), imaging.New(101, 14))
	assert.Equal(t, [4]float64{0, 0, 101, 14}, resized[0].Box, "the whole image stays the whole image")
	assert.InDeltaSlice(t, []float64{10.1, 2, 101.0 / 3, 7}, resized[1].Box[:], 1e-12)
	assert.True(t, resized[1].Difficult)
	assert.Equal(t, [4]float64{3, 1, 10, 3.5}, objects[1].Box, "the dataset's objects stay")
	mirror(resized[:1], 101)
	assert.Equal(t, [4]float64{0, 0, 101, 14}, resized[0].Box)
	mirror(resized[1:], 101)
	assert.InDeltaSlice(t, []float64{101 - 101.0/3, 2, 90.9, 7}, resized[1].Box[:], 1e-12)
}
