package data

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/data/imaging"
)

// sizes is a detection dataset of images of different sizes, each with an object in its left half.
type sizes struct{ Detection }

func (sizes) Image(i int) (*imaging.Image, error) {
	return marked{width: 40 + 3*i, height: 33 - 2*i}.Image(i)
}

func newSizes() sizes {
	var objects [][]Object
	for i := range 5 {
		objects = append(objects, []Object{{Class: i % 3, Box: [4]float64{4, 2, 16, 12}}})
	}
	objects[3] = nil
	return sizes{marked{objects: objects}}
}

// collectAll is collect with what detection adds.
func collectAll(t *testing.T, l *Loader, train int) []Batch {
	t.Helper()
	var all []Batch
	batches := l.Eval(t.Context())
	if train > 0 {
		batches = l.Train(t.Context(), 0, train)
	}
	for b, err := range batches {
		require.NoError(t, err)
		copied := *b
		copied.Target, copied.Input, copied.Baseline = slices.Clone(b.Target), slices.Clone(b.Input), slices.Clone(b.Baseline)
		copied.memory, copied.pool = nil, nil
		b.Release()
		assert.Nil(t, b.Target)
		all = append(all, copied)
	}
	return all
}

var varied = LoaderOptions{Batch: 1, Seed: 7, Shuffle: true, ShortSide: 50, LongSide: 70, Multiple: 4, Flip: true, Baseline: true}

func TestImagesOfDifferentSizesComeOneByOneScaledAndPadded(t *testing.T) {
	ds := newSizes()
	for name, scale := range map[string]int{"sr": 4, "dn": 1, "jpeg": 1} {
		d := degradation(t, name, nil)
		for i, b := range collectAll(t, newLoader(t, ds, d, varied), 0) {
			original, err := ds.Image(i)
			require.NoError(t, err)
			width, height := fittedSize(original.Width, original.Height, 50, 70)
			assert.Equal(t, []int{i}, b.Indices)
			assert.Equal(t, [2]int{width, height}, [2]int{b.ValidWidth, b.ValidHeight})
			assert.Equal(t, [2]int{roundUp(width, 4), roundUp(height, 4)}, [2]int{b.Width, b.Height})
			assert.Equal(t, [2]int{b.Width / scale, b.Height / scale}, [2]int{b.InputWidth, b.InputHeight})
			target := padded(original.Resize(width, height, imaging.Bilinear), 4)
			planes := make([]float32, 3*b.Width*b.Height)
			target.Planar(planes)
			assert.Equal(t, planes, b.Target)
			want, err := Apply(d, target, uint64(i))
			require.NoError(t, err)
			assert.Equal(t, want.Input, b.Input, "%s: padded first, degraded then, noise seeded with the index", name)
			assert.Equal(t, want.Baseline, b.Baseline)
			if i == 3 {
				assert.Empty(t, b.Objects[0])
				continue
			}
			x, y := float64(width)/float64(original.Width), float64(height)/float64(original.Height)
			assert.InDeltaSlice(t, []float64{4 * x, 2 * y, 16 * x, 12 * y}, b.Objects[0][0].Box[:], 1e-9)
			assert.EqualValues(t, i%3, b.Labels[0])
		}
	}
}

func TestFlippingInTrainingFlipsBoxes(t *testing.T) {
	l := newLoader(t, newSizes(), nil, varied)
	batches := collectAll(t, l, 40)
	flipped, straight := 0, 0
	for _, b := range batches {
		valid := func(x int) float32 { return b.Target[min(x, b.ValidWidth-1)] } // red grows with x in the original
		isFlipped := valid(0) > valid(b.ValidWidth-1)
		assert.Equal(t, valid(b.ValidWidth-1), b.Target[b.Width-1], "padding repeats the flipped image's edge")
		for _, object := range b.Objects[0] {
			centre := (object.Box[0] + object.Box[2]) / 2
			assert.Equal(t, isFlipped, centre > float64(b.ValidWidth)/2, "box %v of %d pixels", object.Box, b.ValidWidth)
		}
		if isFlipped {
			flipped++
		} else {
			straight++
		}
	}
	assert.Greater(t, flipped, 10)
	assert.Greater(t, straight, 10)
	assert.Equal(t, [4]float64{4, 2, 16, 12}, newSizes().Objects(0)[0].Box)
}

func TestDetectionBatchesDependOnNothingButDatasetOptionsAndStep(t *testing.T) {
	load := func(workers, prefetch int) []Batch {
		options := varied
		options.Workers, options.Prefetch = workers, prefetch
		return collectAll(t, newLoader(t, newSizes(), degradation(t, "dn", nil), options), 12)
	}
	whole := load(1, 1)
	require.Len(t, whole, 12)
	assert.Equal(t, whole, load(4, 7))
	l := newLoader(t, newSizes(), degradation(t, "dn", nil), varied)
	for b, err := range l.Train(t.Context(), 7, 8) {
		require.NoError(t, err)
		assert.Equal(t, whole[7].Input, b.Input)
		assert.Equal(t, whole[7].Objects, b.Objects)
	}
}

func TestDetectionImagesOfOneSizeShareBatches(t *testing.T) {
	s := scenes(t, GeneratedOptions{Seed: 2, Count: 7})
	part, err := NewSubset(s, []int{6, 5, 4, 1, 0})
	require.NoError(t, err)
	batches := collectAll(t, newLoader(t, part, degradation(t, "sr", map[string]any{"scale": 2}), LoaderOptions{Batch: 3, Multiple: 16}), 0)
	require.Len(t, batches, 2)
	assert.Equal(t, []int{96, 96, 96, 96, 48}, []int{batches[0].Height, batches[0].Width, batches[0].ValidHeight, batches[0].ValidWidth, batches[0].InputWidth})
	assert.Equal(t, [][]Object{s.Objects(1), s.Objects(0)}, batches[1].Objects)
	assert.EqualValues(t, s.Label(0), batches[1].Labels[1])

	resized := collectAll(t, newLoader(t, s, nil, LoaderOptions{Batch: 7, Resize: 50, Multiple: 16}), 0)[0]
	assert.Equal(t, []int{64, 64, 50, 50}, []int{resized.Height, resized.Width, resized.ValidHeight, resized.ValidWidth})
	assert.InDelta(t, s.Objects(0)[0].Box[2]*50/96, resized.Objects[0][0].Box[2], 1e-9)

	classification := collectAll(t, newLoader(t, shapes(t, GeneratedOptions{Count: 2}), nil, LoaderOptions{Batch: 2}), 0)[0]
	assert.Nil(t, classification.Objects)
	assert.Equal(t, []int{32, 32}, []int{classification.ValidHeight, classification.ValidWidth})
}

func TestLoadersRefuseWhatWouldSpoilDetection(t *testing.T) {
	for words, c := range map[string]struct {
		degradation string
		options     LoaderOptions
	}{
		"crop and shift would cut objects":                      {"", LoaderOptions{Batch: 1, Crop: 8}},
		"it excludes resize, crop and shift":                    {"", LoaderOptions{Batch: 1, ShortSide: 50, Resize: 20}},
		"which a batch of 2 cannot hold; set batch to 1":        {"", LoaderOptions{Batch: 2, ShortSide: 50}},
		"long_side bounds what short_side asks for; set both":   {"", LoaderOptions{Batch: 1, LongSide: 50}},
		"short_side, long_side and multiple cannot be negative": {"", LoaderOptions{Batch: 1, Multiple: -1}},
		"sr x4 needs sides divisible by 4, which images of different sizes are not; set multiple to 4": {
			"sr", LoaderOptions{Batch: 1, ShortSide: 50}},
		"set multiple to 8":                  {"sr", LoaderOptions{Batch: 1, ShortSide: 50, Multiple: 6}},
		"sr x4 needs sides divisible by 4, ": {"sr", LoaderOptions{Batch: 1}},
	} {
		var d Degradation
		if c.degradation != "" {
			d = degradation(t, c.degradation, nil)
		}
		_, err := NewLoader(newSizes(), d, c.options)
		assert.ErrorContains(t, err, words)
	}
	for _, err := range newLoader(t, newSizes(), nil, LoaderOptions{Batch: 5}).Eval(t.Context()) {
		assert.ErrorContains(t, err, "image of 43x31 pixels among others of 40x33; set a crop to make them equal, or short_side")
	}
}
