package data

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/data/imaging"
)

func sketches(t *testing.T, options GeneratedOptions) *Generated {
	t.Helper()
	s, err := NewSketches(options)
	require.NoError(t, err)
	return s
}

// Cached results and committed snapshots rest on these pixels. A deliberate change raises the version of sketchesLook.
func TestSketchesNeverChange(t *testing.T) {
	for _, c := range []struct {
		options GeneratedOptions
		want    string // SHA-256 of the first 50 images
	}{
		{GeneratedOptions{}, "3ac51d6b6af6405482d37144f71e80111b4676d62a4d6f5cace311152d1860af"},
		{GeneratedOptions{Split: "val"}, "23c58f36f5c945c9d18e73b56da522d6186e1a2e3c0cf4e7f047bcb4274449fd"},
		{GeneratedOptions{Seed: 1}, "d0016ca93b4509913cb8eb24468594ba81f600ec2d3021ccd0bef903e48de996"},
		{GeneratedOptions{Size: 48}, "ebc2ce16934cca56701ce1895899393ecdf4632cd01d144af73979cb319be0b1"},
	} {
		s, hash := sketches(t, c.options), sha256.New()
		for i := range 50 {
			hash.Write(shape(t, s, i).Pix)
		}
		assert.Equal(t, c.want, hex.EncodeToString(hash.Sum(nil)), "%+v", c.options)
	}
}

// statistics are the variance of a picture's grey levels, and the mean distance between the largest and the smallest
// component of its pixels, both for levels 0..255.
func statistics(image *imaging.Image) (variance, saturation float64) {
	n := float64(image.Width * image.Height)
	var sum, squares float64
	for i := 0; i < len(image.Pix); i += 3 {
		r, g, b := int(image.Pix[i]), int(image.Pix[i+1]), int(image.Pix[i+2])
		grey := float64(r+g+b) / 3
		sum += grey
		squares += grey * grey
		saturation += float64(max(r, g, b)-min(r, g, b)) / n
	}
	return squares/n - (sum/n)*(sum/n), saturation
}

func TestSketchesLookUnlikeShapes(t *testing.T) {
	var contrast, saturation [2]float64
	for k, ds := range []*Generated{shapes(t, GeneratedOptions{}), sketches(t, GeneratedOptions{})} {
		for i := range 100 {
			v, s := statistics(shape(t, ds, i))
			contrast[k] += v / 100
			saturation[k] += s / 100
		}
	}
	assert.Less(t, contrast[1], 0.75*contrast[0], "variance of grey levels")
	assert.Less(t, saturation[1], saturation[0]/3, "saturation")
}

// Lines are what changes fastest: across the middle of a figure, brightness varies more from row to row than from column
// to column where the hatching is horizontal. Single figures may be crossed by stray strokes, so most must agree.
func TestHatchingRunsInTheDirectionOfItsClass(t *testing.T) {
	s := sketches(t, GeneratedOptions{})
	agree, all := 0, 0
	for i := range 500 {
		image := shape(t, s, i)
		var alongX, alongY int
		for y := 11; y < 21; y++ {
			for x := 11; x < 21; x++ {
				here := int(image.Pix[3*(y*32+x)])
				right, below := int(image.Pix[3*(y*32+x+1)])-here, int(image.Pix[3*((y+1)*32+x)])-here
				alongX += right * right
				alongY += below * below
			}
		}
		all++
		if (i%2 == 1) == (alongX > alongY) {
			agree++
		}
	}
	assert.Greater(t, agree, all*9/10)
}

func TestSketchesAndShapesAreDifferentDatasetsOfTheSameClasses(t *testing.T) {
	a, b := shapes(t, GeneratedOptions{}), sketches(t, GeneratedOptions{})
	assert.Equal(t, a.Classes(), b.Classes())
	assert.Equal(t, a.Name(7), b.Name(7))
	printA, err := a.Fingerprint(t.Context())
	require.NoError(t, err)
	printB, err := b.Fingerprint(t.Context())
	require.NoError(t, err)
	assert.NotEqual(t, printA, printB)
	_, err = NewSketches(GeneratedOptions{Size: 8})
	assert.ErrorContains(t, err, "sketches cannot be drawn 8 pixels wide")
}
