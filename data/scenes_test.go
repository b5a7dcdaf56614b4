package data

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/data/imaging"
)

func scenes(t *testing.T, options GeneratedOptions) *Scenes {
	t.Helper()
	s, err := NewShapesDetection(options)
	require.NoError(t, err)
	return s
}

func sceneImage(t *testing.T, s *Scenes, i int) *imaging.Image {
	t.Helper()
	image, err := s.Image(i)
	require.NoError(t, err)
	return image
}

// Cached results rest on these pixels and boxes. A deliberate change raises scenesVersion.
func TestScenesNeverChange(t *testing.T) {
	for _, c := range []struct {
		options GeneratedOptions
		want    string // SHA-256 of the first 30 images and their objects
	}{
		{GeneratedOptions{Seed: 1}, "43d5441844d16af34015a3a6e1906a8839a14df8d8363852845181690e838fee"},
		{GeneratedOptions{Seed: 1, Split: "val"}, "2899a32b7827ac8a2ce8e4210ff97853586e90fd9e30fba45b0f11d19862f5bb"},
		{GeneratedOptions{Size: 64}, "569cd239692f198f2f25bfee697c27b2408dbf6c71e81fb4046517630f49a98f"},
	} {
		s, hash := scenes(t, c.options), sha256.New()
		for i := range 30 {
			hash.Write(sceneImage(t, s, i).Pix)
			fmt.Fprintln(hash, s.Objects(i))
		}
		assert.Equal(t, c.want, hex.EncodeToString(hash.Sum(nil)), "%+v", c.options)
	}
}

func TestScenesHoldOneToThreeShapesOfAllClassesAndManySizes(t *testing.T) {
	s := scenes(t, GeneratedOptions{Seed: 3, Count: 200})
	counts, classes := map[int]int{}, map[int]int{}
	smallest, largest := 96.0, 0.0
	for i := range s.Len() {
		objects := s.Objects(i)
		counts[len(objects)]++
		for _, object := range objects {
			classes[object.Class]++
			smallest, largest = min(smallest, object.Box[2]-object.Box[0]), max(largest, object.Box[2]-object.Box[0])
			assert.True(t, object.Box[0] >= 1 && object.Box[1] >= 1 && object.Box[2] <= 95 && object.Box[3] <= 95,
				"image %d: %v reaches the edge", i, object.Box)
		}
	}
	for n := 1; n <= 3; n++ {
		assert.Greater(t, counts[n], 20, "images with %d objects", n)
	}
	assert.Len(t, counts, 3)
	require.Len(t, classes, 10)
	for class, n := range classes {
		assert.Greater(t, n, 20, figureClasses[class])
	}
	assert.InDelta(t, 22, smallest, 4)
	assert.InDelta(t, 56, largest, 4)
}

// A scene without its figures has the same background and noise, so the difference shows the figures alone.
func TestBoxesAreTightAroundWhatIsDrawn(t *testing.T) {
	s := scenes(t, GeneratedOptions{Seed: 5, Count: 60})
	single := 0
	for i := range s.Len() {
		objects := s.Objects(i)
		if len(objects) != 1 {
			continue
		}
		single++
		with, without := sceneImage(t, s, i), drawScene(s.options, i, nil)
		drawn := [4]float64{96, 96, 0, 0}
		for p := range 96 * 96 {
			var distance int // of a pixel that is covered little it is small
			for c := range 3 {
				distance = max(distance, max(int(with.Pix[3*p+c]), int(without.Pix[3*p+c]))-min(int(with.Pix[3*p+c]), int(without.Pix[3*p+c])))
			}
			if distance > 12 {
				x, y := float64(p%96), float64(p/96)
				drawn = [4]float64{min(drawn[0], x), min(drawn[1], y), max(drawn[2], x+1), max(drawn[3], y+1)}
			}
		}
		for c := range 4 {
			assert.InDelta(t, drawn[c], objects[0].Box[c], 1.01, "image %d side %d", i, c)
		}
	}
	assert.Greater(t, single, 10)
}

func TestTheFigureInFrontHidesWhatItCovers(t *testing.T) {
	behind := figure{outline: outlineAt("circle", 40, 40, 20, 0)}
	front := figure{outline: outlineAt("square", 60, 40, 20, 0)}
	// Where it leaves the square, 16.5 above its centre, the circle is sqrt(20*20 - 16.5*16.5) = 11.3 wide on each side.
	assert.Equal(t, [][4]float64{{20, 20, 51, 60}, {44, 24, 76, 56}}, visible([]figure{behind, front}, 96))
}

func TestSceneKindHasItsOwnSizesAndDrawsTheSameAgain(t *testing.T) {
	d := Description{Kind: "shapes-detection", Name: "x", Options: map[string]any{"seed": 4, "train": 12, "val": 5}}
	train, val, err := OpenBoth(t.Context(), d)
	require.NoError(t, err)
	assert.Equal(t, []int{12, 5}, []int{train.Dataset.Len(), val.Dataset.Len()})
	assert.Equal(t, LoaderDefaults{}, val.Loader)
	assert.True(t, IsDetection(val.Dataset))
	again := opened(t, d, "val").Dataset
	for i := range 5 {
		first, err := val.Dataset.Image(i)
		require.NoError(t, err)
		assert.Equal(t, 96, first.Width)
		assert.Equal(t, first, sceneImage(t, again.(*Scenes), i))
		assert.Equal(t, objectsOf(t, val.Dataset, i), objectsOf(t, again, i))
		assert.Equal(t, largestClass(objectsOf(t, again, i)), again.Label(i))
	}
	assert.Equal(t, "val/00004", again.Name(4))
	_, err = Open(t.Context(), Description{Kind: "shapes-detection", Name: "x", Options: map[string]any{"size": 32}}, "val")
	assert.ErrorContains(t, err, "size must lie in 64..1024, not 32")
	_, err = NewShapesDetection(GeneratedOptions{Size: 63})
	assert.ErrorContains(t, err, "shapes-detection cannot be drawn 63 pixels wide; the size must lie in 64..1024")
}

func TestSceneFingerprintsTellOptionsApart(t *testing.T) {
	seen := map[string]bool{}
	for _, options := range []GeneratedOptions{{}, {Seed: 1}, {Split: "val", Count: 4000}, {Count: 5}, {Size: 64}} {
		print, err := scenes(t, options).Fingerprint(t.Context())
		require.NoError(t, err)
		assert.False(t, seen[print], "%+v", options)
		seen[print] = true
	}
}
