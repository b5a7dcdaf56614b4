package methods_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
	"transfera/models"
	"transfera/models/detection"
	"transfera/models/nn"
	"transfera/models/recognition"
	"transfera/runner/methods"
)

func TestCutTakesThePaddingOff(t *testing.T) {
	s := aten.NewScope()
	defer s.Close()
	numbers := make([]float32, 3*4*5)
	for i := range numbers {
		numbers[i] = float32(i)
	}
	images := aten.FromFloats(s, numbers, 1, 3, 4, 5)
	cut := methods.Batch{Below: 1, Right: 2}.Cut(images)
	assert.Equal(t, []int{1, 3, 3, 3}, cut.Shape())
	assert.Equal(t, []float32{0, 1, 2, 5, 6, 7, 10, 11, 12}, cut.Floats()[:9])
	assert.True(t, aten.Identical(images, methods.Batch{}.Cut(images)))
}

func TestFeaturesAreWhatTheHeadSees(t *testing.T) {
	const classes = 7
	for name, want := range map[string][]int{
		"resnet18":       {1, 512},
		"shapes-resnet":  {1, 64},
		"squeezenet1_1":  {1, 512, 3, 3}, // before a convolution, a ReLU and a mean
		"cifar-resnet20": {1, 64},
	} {
		t.Run(name, func(t *testing.T) {
			s := aten.NewScope()
			defer s.Close()
			architecture, ok := recognition.Find(name)
			require.True(t, ok)
			network := architecture.New(1, classes, nil)
			r := methods.NewClassifier(models.ImageNet.On(aten.CPU), network)
			aten.NoGrad(func() {
				assert.Equal(t, []int{1, classes}, r.Forward(grey(s, 1)).Shape())
				assert.Equal(t, want, r.Features(grey(s, 1)).Shape())
			})
		})
	}
}

// detector is a frozen one of random weights for pictures of 64x64, and what two of them show.
func detector(t *testing.T, seed uint64) (methods.Detector, *nn.Network, []detection.Target) {
	t.Helper()
	architecture, ok := detection.Find("shapes-faster-rcnn")
	require.True(t, ok)
	d := detection.New(architecture, 1, 3, models.Options{"width": 4, "hidden": 16})
	d.Freeze()
	return methods.NewDetector(models.ImageNet.On(aten.CPU), d, seed), d.Network, []detection.Target{
		{Boxes: []detection.Box{{3, 4, 30, 40}, {20, 20, 60, 50}}, Labels: []int64{0, 2}},
		{Boxes: []detection.Box{{10, 10, 50, 60}}, Labels: []int64{1}},
	}
}

func grey(s *aten.Scope, n int) aten.Tensor {
	values := make([]float32, n*3*64*64)
	for i := range values {
		values[i] = float32(i%97) / 97
	}
	return aten.FromFloats(s, values, n, 3, 64, 64)
}

func TestTheLossOfADetectorIsTheMeanOverImages(t *testing.T) {
	s := aten.NewScope()
	defer s.Close()
	d, network, truth := detector(t, 3)
	images := grey(s, 2)
	both := d.Loss(images, methods.Batch{Objects: truth}).Item()
	generator := detection.SamplingGenerator(3, 0)
	normalized := models.ImageNet.On(aten.CPU).Forward(images)
	sum := 0.0
	for i := range truth {
		losses, err := detection.Of(network).Losses(aten.Narrow(normalized, 0, i, 1), truth[i], generator)
		require.NoError(t, err)
		sum += losses.Sum().Item()
	}
	assert.InDelta(t, sum/2, both, 1e-6*sum)
	assert.Equal(t, both, d.Loss(images, methods.Batch{Objects: truth}).Item(), "the same draws in the same step")
	assert.NotEqual(t, both, d.Loss(images, methods.Batch{Objects: truth, Step: 1}).Item(), "others in another step")
}

// A detector as source sends its gradient where the method says, and stays as it is.
func TestDetectorsTeachProcessors(t *testing.T) {
	for _, name := range []string{"ra", "ra-transformer"} {
		t.Run(name, func(t *testing.T) {
			s := aten.NewScope()
			defer s.Close()
			d, network, truth := detector(t, 3)
			before := network.Dict().Checksum()
			trial := newTrial(t, aten.Float)
			method, _ := methods.Find(name)
			input := aten.FromFloats(s, make([]float32, 2*3*32*32), 2, 3, 32, 32)
			n := methods.Networks{P: trial.p, T: trial.t, R: d}
			_, recognition := method.Loss(n, methods.Batch{Input: input, Target: grey(s, 2), Objects: truth})
			recognition.Backward()
			assertReached(t, trial.p, name == "ra", "recognition to P")
			assertReached(t, trial.t, name == "ra-transformer", "recognition to T")
			assertReached(t, network, false, "recognition to R")
			assert.Equal(t, before, network.Dict().Checksum())
		})
	}
}
