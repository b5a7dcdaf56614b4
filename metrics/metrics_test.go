package metrics

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
)

func random(s *aten.Scope, seed uint64, shape ...int) aten.Tensor {
	images := aten.Full(s, 0, shape...)
	aten.NewGenerator(seed).Uniform(images, 0, 1)
	return images
}

func TestEqualImagesHaveTheHighestQuality(t *testing.T) {
	s := aten.NewScope()
	defer s.Close()
	for name, images := range map[string]aten.Tensor{
		"random": random(s, 1, 3, 3, 14, 9), "black": aten.Full(s, 0, 1, 3, 12, 12), "one pixel": random(s, 2, 2, 3, 1, 1),
	} {
		psnrs, err := PSNR(images, images)
		require.NoError(t, err)
		similarity, err := SSIM(images, images)
		require.NoError(t, err)
		for i := range psnrs {
			assert.InDelta(t, 90, psnrs[i], 1e-9, name)
			assert.Equal(t, 1.0, similarity[i], name)
		}
	}
}

func TestKnownErrorsHaveKnownPSNR(t *testing.T) {
	s := aten.NewScope()
	defer s.Close()
	output := aten.Cat(0, aten.Full(s, 1, 1, 3, 8, 8), aten.Full(s, 0.1, 1, 3, 8, 8))
	target := aten.Full(s, 0, 2, 3, 8, 8)
	values, err := PSNR(output, target)
	require.NoError(t, err)
	assert.InDeltaSlice(t, []float64{0, 20}, values, 1e-5)
	batch, err := PSNRBatch(output, target)
	require.NoError(t, err)
	assert.InDelta(t, 10*math.Log10(1/0.505), batch, 1e-5)
}

func TestQualityOfAnImageDoesNotDependOnItsBatch(t *testing.T) {
	s := aten.NewScope()
	defer s.Close()
	shape := []int{3, 3, 180, 190} // more values than one pass takes
	require.Greater(t, shape[0]*shape[1]*shape[2]*shape[3], chunk)
	output, target := random(s, 1, shape...), random(s, 2, shape...)
	for name, measure := range map[string]func(x, y aten.Tensor) ([]float64, error){"psnr": PSNR, "ssim": SSIM} {
		together, err := measure(output, target)
		require.NoError(t, err)
		for i := range shape[0] {
			alone, err := measure(aten.Narrow(output, 0, i, 1), aten.Narrow(target, 0, i, 1))
			require.NoError(t, err)
			assert.InDelta(t, alone[0], together[i], 1e-12, name)
		}
	}
}

func TestMeasuringLeavesImagesAsTheyAre(t *testing.T) {
	s := aten.NewScope()
	defer s.Close()
	output, target := random(s, 1, 2, 3, 12, 12).Cast(aten.Double), random(s, 2, 2, 3, 12, 12)
	before, beforeTarget := output.Doubles(), target.Floats()
	output.SetRequiresGrad(true) // nothing is recorded for backward either
	_, err := SSIM(output, target)
	require.NoError(t, err)
	_, err = PSNR(output, target)
	require.NoError(t, err)
	assert.Equal(t, before, output.Doubles())
	assert.Equal(t, beforeTarget, target.Floats())
}

func TestImagesThatCannotBeComparedAreErrors(t *testing.T) {
	s := aten.NewScope()
	defer s.Close()
	images := aten.Full(s, 0.5, 2, 3, 12, 12)
	diverged := aten.FromFloats(s, append(make([]float32, 3*16), append(make([]float32, 3*16-1), float32(math.NaN()))...), 2, 3, 4, 4)
	infinite := aten.FromFloats(s, append(make([]float32, 3*16-1), float32(math.Inf(1))), 1, 3, 4, 4)
	cases := map[string]struct {
		output, target aten.Tensor
		message        string
	}{
		"sizes differ":     {images, aten.Full(s, 0, 2, 3, 12, 13), "output [2 3 12 12] and target [2 3 12 13] differ in shape"},
		"batches differ":   {images, aten.Full(s, 0, 1, 3, 12, 12), "differ in shape"},
		"channels last":    {aten.Full(s, 0, 1, 12, 12, 3), aten.Full(s, 0, 1, 12, 12, 3), "expected (N,3,H,W)"},
		"single image":     {aten.Full(s, 0, 3, 12, 12), aten.Full(s, 0, 3, 12, 12), "expected (N,3,H,W)"},
		"empty batch":      {aten.FromFloats(s, nil, 0, 3, 4, 4), aten.FromFloats(s, nil, 0, 3, 4, 4), "at least one pixel"},
		"bytes":            {images, images.Cast(aten.Byte), "float32 or float64"},
		"not a number":     {diverged, aten.Full(s, 0, 2, 3, 4, 4), "target 1 of the batch has values that are not finite"},
		"infinite":         {infinite, aten.Full(s, 0, 1, 3, 4, 4), "not finite"},
		"diverged targets": {aten.Full(s, 0, 2, 3, 4, 4), diverged, "not finite"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := PSNR(c.output, c.target)
			assert.ErrorContains(t, err, c.message)
			_, err = PSNRBatch(c.output, c.target)
			assert.ErrorContains(t, err, c.message)
			_, err = SSIM(c.output, c.target)
			assert.ErrorContains(t, err, c.message)
			assert.ErrorContains(t, NewQuality(9).Add([]int{0, 1}, c.output, c.target), c.message)
		})
	}
}

func TestOfEqualLogitsTheLowerClassComesFirst(t *testing.T) {
	s := aten.NewScope()
	defer s.Close()
	cases := map[string]struct {
		logits []float32
		label  int64
		k      int
		want   bool
	}{
		"tied for the first place, lower index":  {[]float32{0, 7, 7, 1}, 1, 1, true},
		"tied for the first place, higher index": {[]float32{0, 7, 7, 1}, 2, 1, false},
		"second of two tied":                     {[]float32{0, 7, 7, 1}, 2, 2, true},
		"all equal, last of the k":               {[]float32{3, 3, 3, 3, 3, 3}, 4, 5, true},
		"all equal, first beyond the k":          {[]float32{3, 3, 3, 3, 3, 3}, 5, 5, false},
		"lower index but lower logit":            {[]float32{1, 2, 2}, 0, 2, false},
		"zero and negative zero":                 {[]float32{float32(math.Copysign(0, -1)), 0}, 0, 1, true},
		"differ in the last bit":                 {[]float32{1, math.Nextafter32(1, 2)}, 0, 1, false},
		"as many classes as k":                   {[]float32{1, 2, 3}, 0, 3, true},
		"fewer classes than k":                   {[]float32{1, 2, 3}, 0, 5, true},
	}
	for name, c := range cases {
		got, err := TopK(aten.FromFloats(s, c.logits, 1, len(c.logits)), []int64{c.label}, c.k)
		require.NoError(t, err)
		assert.Equal(t, []bool{c.want}, got, name)
	}
}

func TestCrossEntropyOfUniformAndHugeLogits(t *testing.T) {
	s := aten.NewScope()
	defer s.Close()
	values, err := CrossEntropy(aten.FromFloats(s, []float32{5, 5, 5, 5, 3e38, -3e38, 0, 0}, 2, 4), []int64{2, 0})
	require.NoError(t, err)
	assert.InDeltaSlice(t, []float64{math.Log(4), 0}, values, 1e-15)
}

func TestLogitsThatCannotBeJudgedAreErrors(t *testing.T) {
	s := aten.NewScope()
	defer s.Close()
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	cases := map[string]struct {
		logits  aten.Tensor
		labels  []int64
		message string
	}{
		"not a number":     {aten.FromFloats(s, []float32{0, 1, 2, nan}, 2, 2), []int64{0, 0}, "logit of class 1 for image 1 in the batch is NaN"},
		"infinite":         {aten.FromFloats(s, []float32{inf, 1}, 1, 2), []int64{0}, "is +Inf"},
		"minus infinite":   {aten.FromFloats(s, []float32{-inf, 1}, 1, 2), []int64{1}, "is -Inf"},
		"label too high":   {aten.Full(s, 0, 1, 2), []int64{2}, "label 2 of image 0 in the batch is outside the recognizer's classes 0..1"},
		"label negative":   {aten.Full(s, 0, 1, 2), []int64{-1}, "label -1"},
		"labels missing":   {aten.Full(s, 0, 2, 2), []int64{1}, "1 labels do not match logits of shape [2 2]"},
		"logits of pixels": {aten.Full(s, 0, 1, 2, 3, 3), []int64{1}, "expected (N,classes)"},
		"no classes":       {aten.FromFloats(s, nil, 1, 0), []int64{0}, "expected (N,classes)"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := TopK(c.logits, c.labels, 1)
			assert.ErrorContains(t, err, c.message)
			_, err = CrossEntropy(c.logits, c.labels)
			assert.ErrorContains(t, err, c.message)
			r := NewRecognition(2)
			assert.ErrorContains(t, r.Add([]int{0, 1}[:len(c.labels)], c.logits, c.labels), c.message)
			assert.Equal(t, NewRecognition(2), r, "nothing is half-added")
		})
	}
	_, err := TopK(aten.Full(s, 0, 1, 2), []int64{0}, 0)
	assert.ErrorContains(t, err, "k must be at least 1")
}

func TestEvaluationKeepsTheDatasetsOrder(t *testing.T) {
	s := aten.NewScope()
	defer s.Close()
	const n = 10
	target := aten.Full(s, 0, n, 3, 4, 4)
	output := random(s, 3, n, 3, 4, 4)
	logits := random(s, 4, n, 7)
	labels := make([]int64, n)
	wantPSNR, err := PSNR(output, target)
	require.NoError(t, err)
	wantSSIM, err := SSIM(output, target)
	require.NoError(t, err)
	wantTop5, err := TopK(logits, labels, 5)
	require.NoError(t, err)

	q, r := NewQuality(n), NewRecognition(n)
	for _, index := range rand.New(rand.NewPCG(1, 2)).Perm(n) {
		require.NoError(t, q.Add([]int{index}, aten.Narrow(output, 0, index, 1), aten.Narrow(target, 0, index, 1)))
		require.NoError(t, r.Add([]int{index}, aten.Narrow(logits, 0, index, 1), labels[index:index+1]))
	}
	assert.InDeltaSlice(t, wantPSNR, q.PSNR, 1e-12)
	assert.InDeltaSlice(t, wantSSIM, q.SSIM, 1e-12)
	assert.Equal(t, wantTop5, r.Top5)
}

func TestSummariesAreMeansOverImagesInTheMetricsUnits(t *testing.T) {
	s := aten.NewScope()
	defer s.Close()
	r := NewRecognition(3)
	require.NoError(t, r.Add([]int{2, 0}, aten.FromFloats(s, []float32{9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9}, 2, 6), []int64{0, 4}))
	require.NoError(t, r.Add([]int{1}, aten.Full(s, 0, 1, 6), []int64{5}))
	summaries, err := r.Summaries()
	require.NoError(t, err)
	assert.Equal(t, []Summary{
		{"top1", 100.0 / 3, []float64{0, 0, 100}},
		{"top5", 100.0 / 3, []float64{0, 0, 100}},
	}, summaries)
	top1, top5 := r.Correct()
	assert.Equal(t, []int{1, 1}, []int{top1, top5})
	entropy, err := r.MeanCrossEntropy()
	require.NoError(t, err)
	assert.InDelta(t, (r.CrossEntropy[0]+r.CrossEntropy[1]+r.CrossEntropy[2])/3, entropy, 1e-15)
	assert.InDelta(t, math.Log(6), r.CrossEntropy[1], 1e-15)

	q := NewQuality(2)
	require.NoError(t, q.Add([]int{0, 1}, random(s, 1, 2, 3, 8, 8), random(s, 2, 2, 3, 8, 8)))
	measured, err := q.Summaries()
	require.NoError(t, err)
	assert.Equal(t, Summary{"psnr", (q.PSNR[0] + q.PSNR[1]) / 2, q.PSNR}, measured[0])
	assert.Nil(t, measured[1].PerImage)
	assert.Equal(t, Summary{"ssim", (q.SSIM[0] + q.SSIM[1]) / 2, q.SSIM}, measured[2])

	for i, summary := range append(measured, summaries...) {
		assert.Equal(t, All[i].Name, summary.Metric)
		assert.Equal(t, i >= len(measured), All[i].NeedsEvaluator, summary.Metric)
		assert.False(t, All[i].Objects, summary.Metric)
	}
}

func TestEveryImageCountsExactlyOnce(t *testing.T) {
	s := aten.NewScope()
	defer s.Close()
	images := func(n int) aten.Tensor { return aten.Full(s, 0.5, n, 3, 2, 2) }
	q := NewQuality(4)
	_, err := q.Summaries()
	assert.ErrorContains(t, err, "no image was evaluated")
	require.NoError(t, q.Add([]int{1, 3}, images(2), images(2)))

	for message, indices := range map[string][]int{
		"image 3 was evaluated twice":           {0, 3},
		"image 2 was evaluated twice":           {2, 2},
		"image 4 is outside the dataset's 0..3": {0, 4},
		"image -1 is outside":                   {0, -1},
		"1 indices do not match a batch of 2":   {0},
	} {
		assert.ErrorContains(t, q.Add(indices, images(2), images(2)), message)
	}
	_, err = q.Summaries()
	assert.ErrorContains(t, err, "only 2 of 4 images were evaluated")
	require.NoError(t, q.Add([]int{2, 0}, images(2), images(2)), "failed batches left no mark")
	_, err = q.Summaries()
	assert.NoError(t, err)

	r := NewRecognition(1)
	_, err = r.MeanCrossEntropy()
	assert.ErrorContains(t, err, "no image was evaluated")
	_, err = r.Summaries()
	assert.ErrorContains(t, err, "no image was evaluated")
}
