package data

import (
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/data/imaging"
)

func shapes(t *testing.T, options GeneratedOptions) *Generated {
	t.Helper()
	s, err := NewShapes(options)
	require.NoError(t, err)
	return s
}

func shape(t *testing.T, s *Generated, i int) *imaging.Image {
	t.Helper()
	image, err := s.Image(i)
	require.NoError(t, err)
	return image
}

// Cached results and committed snapshots rest on these pixels. A deliberate change raises the version of shapesLook.
func TestShapesNeverChange(t *testing.T) {
	for _, c := range []struct {
		options GeneratedOptions
		want    string // SHA-256 of the first 50 images
	}{
		{GeneratedOptions{}, "6ffac302f102ae6ddf1a7eb9ea4948866737800552921ff742e32c8d3ff50850"},
		{GeneratedOptions{Split: "val"}, "d78a68b784359d6a19fb88fd85a766891b1aff78a403e2d6822b395f841a2cf9"},
		{GeneratedOptions{Seed: 1}, "6956a2d278fa1b2023c4dc05e53a17a643c75c827226e30312c4ed7cfa20dc04"},
		{GeneratedOptions{Size: 48}, "571672a6e0b922a5d11a4f0764a738710b3d6da97e474d1992ac0fd347f65a45"},
	} {
		s, hash := shapes(t, c.options), sha256.New()
		for i := range 50 {
			hash.Write(shape(t, s, i).Pix)
		}
		assert.Equal(t, c.want, hex.EncodeToString(hash.Sum(nil)), "%+v", c.options)
	}
}

func TestShapesDescribeThemselves(t *testing.T) {
	train, val := shapes(t, GeneratedOptions{}), shapes(t, GeneratedOptions{Split: "val", Size: 64})
	assert.Equal(t, 4000, train.Len())
	assert.Equal(t, 1000, val.Len())
	assert.Equal(t, []string{
		"circle-horizontal", "circle-vertical", "square-horizontal", "square-vertical", "triangle-horizontal",
		"triangle-vertical", "cross-horizontal", "cross-vertical", "star-horizontal", "star-vertical",
	}, train.Classes())
	assert.Equal(t, "val/star-vertical/00019", val.Name(19))
	assert.Equal(t, 9, val.Label(19))
	image := shape(t, val, 3)
	assert.Equal(t, [3]int{64, 64, 3 * 64 * 64}, [3]int{image.Width, image.Height, len(image.Pix)})
}

// Stripes are what changes fastest inside a shape: horizontal ones from row to row, vertical ones from column to column.
func TestStripesRunInTheDirectionOfTheirClass(t *testing.T) {
	s := shapes(t, GeneratedOptions{Count: 200})
	for i := range s.Len() {
		if i%10 > 3 {
			continue // only in circles and squares is the middle of the image sure to be inside
		}
		image := shape(t, s, i)
		var alongX, alongY int
		for y := 13; y < 19; y++ {
			for x := 13; x < 19; x++ {
				for c := range 3 {
					here := int(image.Pix[3*(y*32+x)+c])
					right, below := int(image.Pix[3*(y*32+x+1)+c])-here, int(image.Pix[3*((y+1)*32+x)+c])-here
					alongX += right * right
					alongY += below * below
				}
			}
		}
		assert.Equal(t, i%2 == 1, alongX > alongY, s.Name(i))
	}
}

func TestShapesDifferBySeedSplitAndIndex(t *testing.T) {
	pixels := map[string]string{}
	for name, options := range map[string]GeneratedOptions{"default": {}, "seed": {Seed: 9}, "val": {Split: "val"}} {
		s := shapes(t, options)
		for _, i := range []int{0, 10} {
			pix := string(shape(t, s, i).Pix)
			assert.NotContains(t, pixels, pix, "%s %d equals %s", name, i, pixels[pix])
			pixels[pix] = name
		}
	}
	short, long := shapes(t, GeneratedOptions{Count: 5}), shapes(t, GeneratedOptions{})
	assert.Equal(t, shape(t, long, 4), shape(t, short, 4), "the count does not matter")
}

func TestShapesFingerprintTellsOptionsApart(t *testing.T) {
	seen := map[string]GeneratedOptions{}
	for _, options := range []GeneratedOptions{{}, {Seed: 1}, {Split: "val"}, {Count: 10}, {Size: 40}} {
		print, err := shapes(t, options).Fingerprint(t.Context())
		require.NoError(t, err)
		assert.NotContains(t, seen, print)
		seen[print] = options
	}
	explicit, err := shapes(t, GeneratedOptions{Split: "train", Count: 4000, Size: 32}).Fingerprint(t.Context())
	require.NoError(t, err)
	assert.Equal(t, GeneratedOptions{}, seen[explicit], "defaults spelled out are the same dataset")
}

func TestShapesAreDrawnSafelyFromManyGoroutines(t *testing.T) {
	s, want := shapes(t, GeneratedOptions{Count: 20}), shapes(t, GeneratedOptions{Count: 20})
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for i := range s.Len() {
				image, err := s.Image(i)
				assert.NoError(t, err)
				assert.Len(t, image.Pix, 3*32*32)
			}
		})
	}
	group.Wait()
	for i := range s.Len() {
		assert.Equal(t, shape(t, want, i), shape(t, s, i))
	}
}

func TestShapesRefuseOptionsThatMakeNoSense(t *testing.T) {
	for word, options := range map[string]GeneratedOptions{
		"no split \"test\"":       {Split: "test"},
		"cannot have -1 images":   {Count: -1},
		"cannot be drawn 8 pixel": {Size: 8},
	} {
		_, err := NewShapes(options)
		assert.ErrorContains(t, err, word)
	}
}
