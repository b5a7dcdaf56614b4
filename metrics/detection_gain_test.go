package metrics

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/metrics/statistics"
)

// detector draws an evaluation of images with three classes; objects depend on the image alone, and a detector of that quality
// finds each with that probability.
func detector(t testing.TB, images int, quality float64, seed uint64) *Detection {
	t.Helper()
	d := NewDetection(images, 3)
	rng := rand.New(rand.NewPCG(seed, 7))
	for i := range images {
		var v view
		for class := range 1 + i%3 {
			v.truth = append(v.truth, TrueObject{class, left, i%7 == 0 && class == 1})
			box := left
			if rng.Float64() > quality {
				box = nowhere
			}
			v.found = append(v.found, DetectedObject{class, rng.Float64(), box}, DetectedObject{class, 0.3 * rng.Float64(), right})
		}
		require.NoError(t, d.Add(i, v.found, v.truth))
	}
	return d
}

func TestIntervalsCoverWhatTheDevkitInPythonSpreads(t *testing.T) {
	g := loadDetectionGolden(t)
	d := detection(t, goldenClasses, g.ResampledImages...)
	intervals, err := d.Intervals(0.95, 2000, 1)
	require.NoError(t, err)
	summaries, err := d.Summaries()
	require.NoError(t, err)
	for i, deviation := range []float64{g.Deviation.MAP07, g.Deviation.MAP} {
		// The golden's 600 resamples know the deviation to 1/sqrt(1200) = 3 %.
		assert.InEpsilon(t, 1.96*deviation, intervals[i].Half(), 0.1)
		assert.Less(t, intervals[i].Low, summaries[i].Value)
		assert.Greater(t, intervals[i].High, summaries[i].Value)
		assert.Equal(t, "percentile bootstrap over images, 2000 resamples", intervals[i].Method)
		assert.Equal(t, len(g.ResampledImages), intervals[i].N)
		assert.Empty(t, intervals[i].Warnings)
	}
	again, err := d.Intervals(0.95, 2000, 1)
	require.NoError(t, err)
	assert.Equal(t, intervals, again)
	other, err := d.Intervals(0.95, 2000, 2)
	require.NoError(t, err)
	assert.NotEqual(t, intervals, other)
}

// Resamples without the only image that has an object are drawn again; in all others it is found at once.
func TestIntervalOfOneImageWithObjectsHasNoWidth(t *testing.T) {
	d := detection(t, 2, view{}, view{[]DetectedObject{{0, 0.5, left}}, []TrueObject{{Box: left}}}, view{})
	intervals, err := d.Intervals(0.95, 100, 1)
	require.NoError(t, err)
	for _, interval := range intervals {
		assert.InDelta(t, 100, interval.Low, 1e-12)
		assert.InDelta(t, 100, interval.High, 1e-12)
		require.Len(t, interval.Warnings, 1)
		assert.Equal(t, statistics.CodeDegenerate, interval.Warnings[0].Code)
	}
	_, err = detection(t, 2, view{}).Intervals(0.95, 100, 1)
	assert.ErrorContains(t, err, "no image has an object that counts")
}

func TestGainsOfDetectionAreDifferencesOfSummaries(t *testing.T) {
	for name, seeds := range map[string]int{"one seed": 1, "three seeds": 3} {
		t.Run(name, func(t *testing.T) {
			var base, other []*Detection
			want := []float64{0, 0}
			for s := range seeds {
				base, other = append(base, detector(t, 150, 0.5, uint64(2*s))), append(other, detector(t, 150, 0.7, uint64(2*s+1)))
				before, err := base[s].Summaries()
				require.NoError(t, err)
				after, err := other[s].Summaries()
				require.NoError(t, err)
				for m := range want {
					want[m] += (after[m].Value - before[m].Value) / float64(seeds)
				}
			}
			gains, err := DetectionGains(base, other, 0.95, 0)
			require.NoError(t, err)
			back, err := DetectionGains(other, base, 0.95, 0)
			require.NoError(t, err)
			require.Len(t, gains, 2)
			for m, gain := range gains {
				assert.InDelta(t, want[m], gain.Difference, 1e-9)
				assert.Greater(t, gain.Interval.Low, 0.0)
				assert.Less(t, gain.Interval.Low, gain.Difference)
				assert.Greater(t, gain.Interval.High, gain.Difference)
				assert.Less(t, gain.PValue, 0.05)
				assert.Equal(t, []int{150, seeds}, []int{gain.NImages, gain.NSeeds})
				assert.InDelta(t, -gain.Difference, back[m].Difference, 1e-9)
				assert.InDelta(t, -gain.Interval.High, back[m].Interval.Low, 0.1, "the quantiles of both tails interpolate alike, not mirrored")
				assert.InDelta(t, gain.PValue, back[m].PValue, 1e-9)
			}
		})
	}
}

func TestEqualDetectorsHaveNoGain(t *testing.T) {
	d := detector(t, 50, 0.5, 1)
	gains, err := DetectionGains([]*Detection{d}, []*Detection{d}, 0.95, 0)
	require.NoError(t, err)
	for _, gain := range gains {
		assert.Zero(t, gain.Difference)
		assert.Equal(t, 1.0, gain.PValue)
		assert.Equal(t, statistics.CodeDegenerate, gain.Warnings[len(gain.Warnings)-1].Code)
	}
}

func TestEvaluationsOfOtherImagesAreNotCompared(t *testing.T) {
	one := func(d *Detection) []*Detection { return []*Detection{d} }
	d := detector(t, 20, 0.5, 1)
	cases := map[string]struct {
		base, other []*Detection
		message     string
	}{
		"no seed":       {nil, nil, "at least one"},
		"seeds missing": {one(d), append(one(d), d), "base has 1 seeds, other has 2"},
		"more images":   {one(d), one(detector(t, 21, 0.5, 1)), "all must see the same images"},
		"incomplete":    {one(d), one(NewDetection(20, 3)), "no image was evaluated"},
		"other objects": {one(detection(t, 1, view{nil, []TrueObject{{Box: left}}})),
			one(detection(t, 1, view{nil, []TrueObject{{Box: left, Difficult: true}}})), "all must see the same images"},
		"nothing to find": {one(detection(t, 1, view{})), one(detection(t, 1, view{})), "no image has an object that counts"},
	}
	for name, c := range cases {
		_, err := DetectionGains(c.base, c.other, 0.95, 0)
		assert.ErrorContains(t, err, c.message, name)
	}
	_, err := DetectionGains(one(d), one(d), 1, 0)
	assert.ErrorContains(t, err, "confidence level 1")
}

func TestRecordsGiveTheSameEvaluation(t *testing.T) {
	d := detection(t, goldenClasses, loadDetectionGolden(t).Images...)
	record, err := d.Record()
	require.NoError(t, err)
	read, err := DetectionFromRecord(record)
	require.NoError(t, err)
	want, err := d.Summaries()
	require.NoError(t, err)
	got, err := read.Summaries()
	require.NoError(t, err)
	for i := range want {
		assert.Equal(t, math.Float64bits(want[i].Value), math.Float64bits(got[i].Value), want[i].Metric)
	}
	assert.Equal(t, d, read, "so intervals and gains are the same too")
	assert.ErrorContains(t, read.Add(0, nil, nil), "evaluated twice")
	_, err = NewDetection(1, 1).Record()
	assert.ErrorContains(t, err, "no image was evaluated")
}

func TestDamagedRecordsAreErrors(t *testing.T) {
	cases := map[string]struct {
		damage  func(r *DetectionRecord)
		message string
	}{
		"no classes":         {func(r *DetectionRecord) { r.Classes = 0 }, "no table of images and 0 classes"},
		"classes differ":     {func(r *DetectionRecord) { r.Classes = 4 }, "no table of images and 4 classes"},
		"count negative":     {func(r *DetectionRecord) { r.Found[0] = -1 }, "image 0, class 0 has -1 detections"},
		"positives negative": {func(r *DetectionRecord) { r.Positives[4] = -1 }, "image 1, class 1 has"},
		"score missing":      {func(r *DetectionRecord) { r.Scores = r.Scores[1:] }, "detections"},
		"outcome missing":    {func(r *DetectionRecord) { r.Outcomes = r.Outcomes[1:] }, "outcomes, expected"},
		"unknown outcome":    {func(r *DetectionRecord) { r.Outcomes[0] = 3 }, "outcome 3"},
		"not a number":       {func(r *DetectionRecord) { r.Scores[0] = math.NaN() }, "score NaN"},
		"ascending":          {func(r *DetectionRecord) { r.Scores[1] = r.Scores[0] + 1 }, "descending order"},
		"too many right":     {func(r *DetectionRecord) { r.Outcomes[0], r.Outcomes[1] = 1, 1 }, "more right detections than objects"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			record, err := detector(t, 5, 1, 1).Record()
			require.NoError(t, err)
			c.damage(&record)
			_, err = DetectionFromRecord(record)
			assert.ErrorContains(t, err, c.message)
		})
	}
}
