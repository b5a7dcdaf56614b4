package metrics

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// view is what is in one image and what a detector finds there.
type view struct {
	found []DetectedObject
	truth []TrueObject
}

func detection(t *testing.T, classes int, images ...view) *Detection {
	t.Helper()
	d := NewDetection(len(images), classes)
	for i, image := range images {
		require.NoError(t, d.Add(i, image.found, image.truth))
	}
	return d
}

// Places that do not overlap, and one that overlaps none.
var (
	left, middle, right = Box{0, 0, 10, 10}, Box{20, 0, 30, 10}, Box{40, 0, 50, 10}
	nowhere             = Box{0, 50, 10, 60}
)

func TestAveragePrecisionOfKnownCases(t *testing.T) {
	one := []TrueObject{{Box: left}}
	two := []TrueObject{{Box: left}, {Box: right}}
	difficult := []TrueObject{{Box: left, Difficult: true}, {Box: right}}
	ten := []TrueObject{}
	for i := range 10 {
		ten = append(ten, TrueObject{Box: Box{float64(20 * i), 0, float64(20*i + 10), 10}})
	}
	taller := Box{0, 0, 10, 12} // overlaps left by 100/120
	cases := map[string]struct {
		images      []view
		map07, map_ float64
	}{
		"the only object":        {[]view{{[]DetectedObject{{0, 0.1, left}}, one}}, 100, 100},
		"nothing found":          {[]view{{nil, one}}, 0, 0},
		"found elsewhere":        {[]view{{[]DetectedObject{{0, 0.9, nowhere}}, one}}, 0, 0},
		"found in another image": {[]view{{nil, one}, {[]DetectedObject{{0, 0.9, left}}, nil}}, 0, 0},
		// Precision 1/2 at recall 1.
		"after a wrong one": {[]view{{[]DetectedObject{{0, 0.8, left}, {0, 0.9, nowhere}}, one}}, 50, 50},
		// Precision 1 up to recall 1/2: the six levels 0 ... 0.5 of eleven; half of the area.
		"one of two": {[]view{{[]DetectedObject{{0, 0.9, left}}, two}}, 600. / 11, 50},
		// Precision 1 up to recall 1/2, then 2/3: (6 + 5 x 2/3)/11 = 28/33, and (1 + 2/3)/2 = 5/6.
		"a wrong one between two": {[]view{{[]DetectedObject{{0, 0.9, left}, {0, 0.8, nowhere}, {0, 0.7, right}}, two}}, 2800. / 33, 500. / 6},
		// Precision 1/2 at recall 1/2, but 2/3 at recall 1, which counts for all lower recalls.
		"precision that rises again":           {[]view{{[]DetectedObject{{0, 0.9, nowhere}, {0, 0.8, left}, {0, 0.7, right}}, two}}, 200. / 3, 200. / 3},
		"wrong ones at the end change nothing": {[]view{{[]DetectedObject{{0, 0.9, left}, {0, 0.1, nowhere}, {0, 0, left}}, one}}, 100, 100},
		// Recall exactly 3/10: the four levels 0 ... 0.3.
		"recall of exactly a level": {[]view{{[]DetectedObject{{0, 3, ten[0].Box}, {0, 2, ten[1].Box}, {0, 1, ten[2].Box}}, ten}}, 400. / 11, 30},
		// As "a wrong one between two".
		"an object found twice": {[]view{{[]DetectedObject{{0, 0.9, left}, {0, 0.8, left}, {0, 0.7, right}}, two}}, 2800. / 33, 500. / 6},
		"the surer of two that find an object is right, whatever their order": {[]view{
			{[]DetectedObject{{0, 0.8, left}, {0, 0.9, left}, {0, 0.7, right}}, two}}, 2800. / 33, 500. / 6},
		// 50 of 100 square pixels.
		"overlap of exactly one half": {[]view{{[]DetectedObject{{0, 0.9, Box{0, 0, 10, 5}}}, one}}, 0, 0},
		"overlap of 51 %":             {[]view{{[]DetectedObject{{0, 0.9, Box{0, 0, 10, 5.1}}}, one}}, 100, 100},
		"a box without area":          {[]view{{[]DetectedObject{{0, 0.9, Box{5, 5, 5, 5}}, {0, 0.8, left}}, one}}, 50, 50},
		// The second detection overlaps left by 100/105 and taller by 105/120: it counts as a second one of left.
		"the best match is taken": {[]view{{[]DetectedObject{{0, 0.9, left}, {0, 0.8, Box{0, 0, 10, 10.5}}},
			[]TrueObject{{Box: taller}, {Box: left}}}}, 600. / 11, 50},
		// Two objects at one place: each detection is matched with the first, so that the second is never found.
		"of equal overlaps the first": {[]view{{[]DetectedObject{{0, 0.9, left}, {0, 0.8, left}},
			[]TrueObject{{Box: left}, {Box: left}}}}, 600. / 11, 50},
		"a difficult object is ignored, found often":       {[]view{{[]DetectedObject{{0, 0.9, left}, {0, 0.8, left}, {0, 0.7, right}}, difficult}}, 100, 100},
		"a difficult object need not be found":             {[]view{{[]DetectedObject{{0, 0.7, right}}, difficult}}, 100, 100},
		"missing a difficult object is wrong all the same": {[]view{{[]DetectedObject{{0, 0.9, Box{0, 0, 10, 5}}, {0, 0.7, right}}, difficult}}, 50, 50},
		"the best match is difficult": {[]view{{[]DetectedObject{{0, 0.9, left}},
			[]TrueObject{{Box: taller}, {Box: left, Difficult: true}}}}, 0, 0},
		// Equal scores, wrong one first: precision 1/2.
		"of equal scores the earlier in the image":         {[]view{{[]DetectedObject{{0, 0.5, nowhere}, {0, 0.5, left}}, one}}, 50, 50},
		"of equal scores the earlier in the image, turned": {[]view{{[]DetectedObject{{0, 0.5, left}, {0, 0.5, nowhere}}, one}}, 100, 100},
		"of equal scores the earlier image": {[]view{
			{[]DetectedObject{{0, 0.5, nowhere}}, nil}, {[]DetectedObject{{0, 0.5, left}}, one}}, 50, 50},
		"of equal scores the earlier image, turned": {[]view{
			{[]DetectedObject{{0, 0.5, left}}, one}, {[]DetectedObject{{0, 0.5, nowhere}}, nil}}, 100, 100},
		"scores below zero":                      {[]view{{[]DetectedObject{{0, -3, nowhere}, {0, -2, left}}, one}}, 100, 100},
		"empty images":                           {[]view{{}, {[]DetectedObject{{0, 0.5, left}}, one}, {}}, 100, 100},
		"detections of an empty image are wrong": {[]view{{[]DetectedObject{{0, 0.9, left}}, nil}, {[]DetectedObject{{0, 0.5, left}}, one}}, 50, 50},
		// 100 and 50, as "after a wrong one".
		"mean over classes": {[]view{{[]DetectedObject{{0, 0.1, left}, {1, 0.9, nowhere}, {1, 0.8, right}},
			[]TrueObject{{0, left, false}, {1, right, false}}}}, 75, 75},
		// Class 0 misses its only object, and what class 1 found is no object of its own.
		"found as another class":             {[]view{{[]DetectedObject{{1, 0.9, left}, {1, 0.8, right}}, []TrueObject{{0, left, false}, {1, right, false}}}}, 25, 25},
		"a class without objects":            {[]view{{[]DetectedObject{{0, 0.9, left}, {1, 0.9, right}, {2, 0.9, left}}, one}}, 100, 100},
		"a class of difficult objects alone": {[]view{{[]DetectedObject{{0, 0.9, left}, {1, 0.9, right}}, []TrueObject{{0, left, false}, {1, right, true}}}}, 100, 100},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			summaries, err := detection(t, 3, c.images...).Summaries()
			require.NoError(t, err)
			require.Len(t, summaries, 2)
			assert.Equal(t, Summary{"map07", summaries[0].Value, nil}, summaries[0])
			assert.Equal(t, Summary{"map", summaries[1].Value, nil}, summaries[1])
			assert.InDelta(t, c.map07, summaries[0].Value, 1e-12)
			assert.InDelta(t, c.map_, summaries[1].Value, 1e-12)
		})
	}
}

// The devkit adds 1 to every width and height because its boxes are the first and the last pixel.
func TestOverlapIsTheDevkitsOfInclusivePixels(t *testing.T) {
	devkit := func(a, b [4]int) float64 {
		width, height := min(a[2], b[2])-max(a[0], b[0])+1, min(a[3], b[3])-max(a[1], b[1])+1
		if width <= 0 || height <= 0 {
			return 0
		}
		size := func(b [4]int) int { return (b[2] - b[0] + 1) * (b[3] - b[1] + 1) }
		return float64(width*height) / float64(size(a)+size(b)-width*height)
	}
	box := func(b [4]int) Box { return Box{float64(b[0] - 1), float64(b[1] - 1), float64(b[2]), float64(b[3])} }
	assert.Equal(t, 0.5, overlap(box([4]int{1, 1, 4, 4}), box([4]int{1, 1, 4, 2})), "4x4 pixels and their upper half")
	assert.Equal(t, 1.0/3, overlap(box([4]int{1, 1, 2, 1}), box([4]int{2, 1, 3, 1})), "one pixel of two each")
	assert.Zero(t, overlap(box([4]int{1, 1, 2, 2}), box([4]int{3, 1, 4, 2})), "neighbours")

	rng := rand.New(rand.NewPCG(1, 2))
	draw := func() [4]int {
		x, y := 1+rng.IntN(20), 1+rng.IntN(20)
		return [4]int{x, y, x + rng.IntN(20), y + rng.IntN(20)}
	}
	for range 1000 {
		a, b := draw(), draw()
		assert.Equal(t, devkit(a, b), overlap(box(a), box(b)), "%v %v", a, b)
	}
}

func TestClassesWithoutObjectsHaveNoPrecision(t *testing.T) {
	d := detection(t, 3, view{
		[]DetectedObject{{0, 0.9, left}, {1, 0.9, middle}, {2, 0.9, left}},
		[]TrueObject{{0, left, false}, {0, right, false}, {1, middle, true}},
	})
	perClass, err := d.PerClass()
	require.NoError(t, err)
	assert.Equal(t, 2, perClass[0].Positives)
	assert.InDelta(t, 600./11, perClass[0].AP07, 1e-12)
	assert.Equal(t, 50.0, perClass[0].AP)
	for _, class := range perClass[1:] {
		assert.Zero(t, class.Positives)
		assert.True(t, math.IsNaN(class.AP07) && math.IsNaN(class.AP))
	}
	_, err = detection(t, 2, view{[]DetectedObject{{0, 0.9, left}}, []TrueObject{{0, left, true}}}).Summaries()
	assert.ErrorContains(t, err, "no image has an object that counts")
}

func TestObjectsThatCannotBeJudgedAreErrors(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	cases := map[string]struct {
		found   []DetectedObject
		truth   []TrueObject
		message string
	}{
		"class too high":     {[]DetectedObject{{0, 1, left}, {2, 1, left}}, nil, "image 1: detection 1 is of class 2, outside 0..1"},
		"class negative":     {[]DetectedObject{{-1, 1, left}}, nil, "class -1"},
		"score not a number": {[]DetectedObject{{0, nan, left}}, nil, "detection 0 has score NaN"},
		"score infinite":     {[]DetectedObject{{0, inf, left}}, nil, "score +Inf"},
		"edge not a number":  {[]DetectedObject{{0, 1, Box{0, nan, 1, 1}}}, nil, "expected finite"},
		"edge infinite":      {[]DetectedObject{{0, 1, Box{0, 0, 1, inf}}}, nil, "expected finite"},
		"inside out":         {[]DetectedObject{{0, 1, Box{5, 0, 4, 1}}}, nil, "x1 <= x2"},
		"truth of class 2":   {nil, []TrueObject{{2, left, false}}, "object 0 is of class 2, outside 0..1; were the detector's weights made for this dataset?"},
		"truth without area": {nil, []TrueObject{{0, left, false}, {0, Box{1, 1, 1, 4}, false}}, "object 1 has box [1 1 1 4]"},
		"truth not a number": {nil, []TrueObject{{0, Box{0, 0, nan, 1}, false}}, "expected finite"},
		"truth upside down":  {nil, []TrueObject{{0, Box{0, 5, 1, 4}, true}}, "y1 < y2"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			d := NewDetection(2, 2)
			assert.ErrorContains(t, d.Add(1, c.found, c.truth), c.message)
			assert.Equal(t, NewDetection(2, 2), d, "nothing is half-added")
		})
	}
}

func TestEveryImagesObjectsCountExactlyOnce(t *testing.T) {
	d := NewDetection(2, 1)
	_, err := d.Summaries()
	assert.ErrorContains(t, err, "no image was evaluated")
	require.NoError(t, d.Add(1, []DetectedObject{{0, 0.5, left}}, []TrueObject{{Box: left}}))
	assert.ErrorContains(t, d.Add(1, nil, nil), "image 1 was evaluated twice")
	assert.ErrorContains(t, d.Add(2, nil, nil), "image 2 is outside the dataset's 0..1")
	_, err = d.PerClass()
	assert.ErrorContains(t, err, "only 1 of 2 images were evaluated")
	require.NoError(t, d.Add(0, []DetectedObject{{0, 0.5, nowhere}}, nil))
	summaries, err := d.Summaries()
	require.NoError(t, err)
	assert.Equal(t, 50.0, summaries[0].Value, "image 0 comes first of equal scores although it was added last")
}

// detectionGolden is what scripts/goldens/detection_metrics.py wrote.
type detectionGolden struct {
	Images, ResampledImages []view
	Whole                   struct {
		Classes []struct {
			Positives, Right, Wrong, Ignored int
			AP07, AP                         float64
		}
		MAP07, MAP float64
	}
	Resamples []struct {
		Times      []int
		MAP07, MAP float64
	}
	Deviation struct{ MAP07, MAP float64 }
}

const goldenClasses = 3

func loadDetectionGolden(t *testing.T) detectionGolden {
	t.Helper()
	text, err := os.ReadFile("../testdata/metrics/detection.json")
	require.NoError(t, err)
	var g detectionGolden
	type image struct{ Found, Truth [][6]float64 }
	raw := struct {
		*detectionGolden
		Images          []image
		ResampledImages []image `json:"resampled_images"`
	}{detectionGolden: &g}
	require.NoError(t, json.Unmarshal(text, &raw))
	views := func(images []image) []view {
		list := make([]view, len(images))
		for i, image := range images {
			for _, row := range image.Found { // class, score, VOC's inclusive pixels
				list[i].found = append(list[i].found, DetectedObject{int(row[0]), row[1], Box{row[2] - 1, row[3] - 1, row[4], row[5]}})
			}
			for _, row := range image.Truth { // class, difficult, VOC's inclusive pixels
				list[i].truth = append(list[i].truth, TrueObject{int(row[0]), Box{row[2] - 1, row[3] - 1, row[4], row[5]}, row[1] == 1})
			}
		}
		return list
	}
	g.Images, g.ResampledImages = views(raw.Images), views(raw.ResampledImages)
	return g
}

func TestDetectionEqualsTheDevkitInPython(t *testing.T) {
	g := loadDetectionGolden(t)
	require.Len(t, g.Images, 200)
	d := detection(t, goldenClasses, g.Images...)
	perClass, err := d.PerClass()
	require.NoError(t, err)
	for class, want := range g.Whole.Classes {
		count := map[outcome]int{}
		for image := range d.found {
			for _, j := range d.found[image][class] {
				count[j.outcome]++
			}
		}
		assert.Equal(t, map[outcome]int{truePositive: want.Right, falsePositive: want.Wrong, ignored: want.Ignored}, count)
		assert.Equal(t, want.Positives, perClass[class].Positives)
		assert.InDelta(t, want.AP07, perClass[class].AP07, 1e-10)
		assert.InDelta(t, want.AP, perClass[class].AP, 1e-10)
	}
	summaries, err := d.Summaries()
	require.NoError(t, err)
	assert.InDelta(t, g.Whole.MAP07, summaries[0].Value, 1e-10)
	assert.InDelta(t, g.Whole.MAP, summaries[1].Value, 1e-10)
	for i, metric := range All[len(All)-2:] {
		assert.Equal(t, summaries[i].Metric, metric.Name)
		assert.True(t, metric.NeedsEvaluator && metric.Objects, metric.Name)
	}
}

func TestImagesThatStandSeveralTimesEqualCopies(t *testing.T) {
	g := loadDetectionGolden(t)
	ranking := newRanking(detection(t, goldenClasses, g.ResampledImages...))
	require.Len(t, g.Resamples, 5)
	for _, resample := range g.Resamples {
		mean, ok := ranking.mean(resample.Times)
		require.True(t, ok)
		assert.InDelta(t, resample.MAP07, mean.AP07, 1e-10)
		assert.InDelta(t, resample.MAP, mean.AP, 1e-10)
	}
}
