package results_test

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/png"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/results"
)

// rising is n numbers from low on, step apart.
func rising(low, step float64, n int) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = low + float64(i)*step
	}
	return values
}

// halves labels the left half of an 8x4 plane 0 and the right half 1, and for a
// second recognizer a square in the middle 0 and all else by columns.
func halves() results.Regions {
	r := results.Regions{Title: "Halves", U: rising(-4, 1, 8), V: rising(-2, 1, 4), Classes: []string{"cat", "dog"}}
	first, second := results.RegionMap{Recognizer: "resnet-s"}, results.RegionMap{Recognizer: "vgg-s"}
	for v := range 4 {
		for u := range 8 {
			first.Labels = append(first.Labels, int32(u/4))
			label := int32(u + 1)
			if u >= 3 && u <= 4 && v >= 1 && v <= 2 {
				label = 0
			}
			second.Labels = append(second.Labels, label)
		}
	}
	r.Maps = []results.RegionMap{first, second}
	return r
}

// pictures are the PNGs that an SVG embeds.
func pictures(t *testing.T, svg string) []image.Image {
	t.Helper()
	var found []image.Image
	for _, match := range regexp.MustCompile(`"data:image/png;base64,([^"]+)"`).FindAllStringSubmatch(svg, -1) {
		data, err := base64.StdEncoding.DecodeString(match[1])
		require.NoError(t, err)
		picture, err := png.Decode(bytes.NewReader(data))
		require.NoError(t, err)
		found = append(found, picture)
	}
	return found
}

func TestDecisionRegionsHaveTheColoursOfTheirClasses(t *testing.T) {
	figure, err := results.DecisionRegions(halves())
	svg, d := svgOf(t, figure, err)
	embedded := pictures(t, svg)
	require.Len(t, embedded, 2, "one picture per recognizer")
	assert.Equal(t, image.Rect(0, 0, 8, 4), embedded[0].Bounds(), "one pixel per point")
	assert.Equal(t, embedded[0].At(0, 0), embedded[0].At(3, 3), "the left half is one region")
	assert.NotEqual(t, embedded[0].At(3, 0), embedded[0].At(4, 0))
	assert.Equal(t, embedded[0].At(0, 0), embedded[1].At(3, 1), "a class has one colour in all panels")
	assert.Contains(t, svg, "image-rendering:pixelated", "viewers must not blur regions")

	assert.Equal(t, 2, count(d.texts, "resnet-s"), "a panel's title and an outline in the legend")
	for _, text := range []string{"cat (true)", "dog", "class 2", "other (2 classes)", "all outlines", "the image", "u [RMS grey levels]"} {
		assert.Contains(t, d.texts, text)
	}
	assert.Equal(t, "other (2 classes)", d.texts[slices.Index(d.texts, "cat (true)")+7], "seven are named")
}

func TestOutlinesRunMidwayBetweenPoints(t *testing.T) {
	figure, err := results.DecisionRegions(halves())
	_, d := svgOf(t, figure, err)
	blue, along := polylines(t, d.strokes["#0072B2"], 4)
	require.Len(t, blue, 1, "the half's outline crosses three squares")
	assert.InDelta(t, blue[0][0], blue[0][3], 1e-3, "straight up")
	assert.NotEqual(t, along[0][0], along[0][3])
	x, y := polylines(t, d.strokes["#D55E00"], 9)
	require.Len(t, x, 1, "a closed line around two by two points: eight midpoints and back")
	assert.Equal(t, x[0][0], x[0][8])
	assert.Equal(t, y[0][0], y[0][8])
	// The half's outline is at -0.5, the square's from -1.5 to 0.5.
	assert.InDelta(t, (slices.Min(x[0])+slices.Max(x[0]))/2, blue[0][0], 0.01)
}

func TestDecisionRegionsOfThousandClasses(t *testing.T) {
	r := results.Regions{U: rising(1, 1, 40), V: rising(1, 1, 25), Truth: 7}
	m := results.RegionMap{Recognizer: strings.Repeat("a long name ", 9)}
	for i := range 1000 {
		m.Labels = append(m.Labels, int32(i))
	}
	r.Maps = []results.RegionMap{m}
	figure, err := results.DecisionRegions(r)
	_, d := svgOf(t, figure, err)
	assert.Contains(t, d.texts, "other (993 classes)")
	assert.Contains(t, d.texts, "class 7 (true)")
	assert.NotContains(t, d.texts, "the image", "the origin is outside")
	assert.NotContains(t, d.texts, m.Recognizer, "long names are shortened")

	r.Named = 1
	figure, err = results.DecisionRegions(r)
	_, d = svgOf(t, figure, err)
	assert.Contains(t, d.texts, "other (999 classes)")
}

func TestARegionThatNoRecognizerSeesHasNoOutline(t *testing.T) {
	r := halves()
	r.Truth = 50
	figure, err := results.DecisionRegions(r)
	_, d := svgOf(t, figure, err)
	assert.Contains(t, d.texts, "class 50 (true)")
	assert.Len(t, d.strokes["#0072B2"], 1, "only the sample in the legend")
}

func TestDecisionRegionsSayWhatIsWrong(t *testing.T) {
	for _, test := range []struct {
		want string
		edit func(*results.Regions)
	}{
		{`figure "Halves": no recognizer's map`, func(r *results.Regions) { r.Maps = nil }},
		{"vgg-s: 31 labels for a grid of 8 columns and 4 rows", func(r *results.Regions) { r.Maps[1].Labels = r.Maps[1].Labels[1:] }},
		{"resnet-s: label -1 is negative", func(r *results.Regions) { r.Maps[0].Labels[3] = -1 }},
		{"true label -2 is negative", func(r *results.Regions) { r.Truth = -2 }},
		{"the grid's u is no evenly spaced", func(r *results.Regions) { r.U[2] = 100 }},
		{"the grid's v is no evenly spaced", func(r *results.Regions) { r.V = rising(0, -1, 4) }},
		{"9 classes to name; there are colours for 1 to 7", func(r *results.Regions) { r.Named = 9 }},
	} {
		t.Run(test.want, func(t *testing.T) {
			r := halves()
			test.edit(&r)
			figure, err := results.DecisionRegions(r)
			assert.ErrorContains(t, err, test.want)
			assert.Nil(t, figure)
		})
	}
}
