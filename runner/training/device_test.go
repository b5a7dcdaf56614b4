package training_test

import (
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
	"transfera/aten/atentest"
	"transfera/data"
	"transfera/experiments"
	"transfera/models"
	"transfera/models/nn"
	"transfera/models/processing"
	"transfera/models/recognition"
	"transfera/runner/methods"
	"transfera/runner/stages"
	"transfera/runner/training"
)

const recognitionAwareSteps = 8

// recognitionAware trains a small SRResNet x2 by a frozen CIFAR ResNet and returns the course, one slice per term, and P. An
// epoch has a smaller batch at its end.
func recognitionAware(t *testing.T, device aten.Device, recipe experiments.Training) ([][]float32, *nn.Network) {
	t.Helper()
	aten.SetThreads(1)
	images, err := data.NewShapes(data.GeneratedOptions{Size: 32, Count: 44})
	require.NoError(t, err)
	half, err := data.NewDegradation("sr", map[string]any{"scale": 2})
	require.NoError(t, err)
	loader, err := data.NewLoader(images, half, data.LoaderOptions{Batch: 8, Workers: 1, Seed: 5, Shuffle: true})
	require.NoError(t, err)
	srresnet, _ := processing.Find("srresnet")
	resnet, _ := recognition.Find("cifar-resnet20")
	p, r := srresnet.New(1, 2, models.Options{"channels": 16, "blocks": 2, "end_kernel": 5}), resnet.New(2, 10, models.Options{})
	p.To(device)
	r.To(device)
	if recipe.ChannelsLast {
		r.ChannelsLast()
	}
	r.Freeze()
	ra, _ := methods.Find("ra")
	feed := &aten.Feed{Device: device, ChannelsLast: recipe.ChannelsLast}
	recipe.Optimizer, recipe.LearningRate, recipe.Betas, recipe.Batch = "adam", 1e-3, []float64{0.9, 0.999}, 8
	recipe.Steps, recipe.CheckpointEvery = recognitionAwareSteps, 5
	recipe.Schedule = []experiments.Milestone{{After: 6, Factor: 0.1}} // makes a captured step be captured again
	fit := training.Fit{
		Recipe: recipe, Networks: []training.Network{{Name: "processor", Network: p}}, Device: device, Loader: loader,
		Terms:  stages.LossTerms,
		Loss:   stages.Loss(ra, methods.Networks{P: p, R: methods.NewClassifier(models.ImageNet.On(device), r)}, 1e-3, feed),
		Feed:   feed,
		Upload: stages.UploadOnly(feed), ImageName: images.Name, Checkpoint: filepath.Join(t.TempDir(), "checkpoint"),
		Progress: func(_ float64, words string) { t.Log(words) },
	}
	course, err := fit.Run(t.Context())
	require.NoError(t, err)
	return course.Values, p
}

func TestSpeedSettingsTrainTheSame(t *testing.T) {
	device := atentest.Device(t)
	want, _ := recognitionAware(t, aten.CPU, experiments.Training{})
	cases := map[string]struct {
		recipe    experiments.Training
		tolerance float64 // relative, of the losses
	}{
		"as they are":          {experiments.Training{}, atentest.Tolerance(device, 0, 1e-3)},
		"channels-last":        {experiments.Training{ChannelsLast: true}, 1e-3},
		"tf32":                 {experiments.Training{Precision: "tf32"}, atentest.Tolerance(device, 0, 1e-2)},
		"bf16":                 {experiments.Training{Precision: "bf16"}, 2e-2},
		"bf16, channels-last":  {experiments.Training{Precision: "bf16", ChannelsLast: true}, 2e-2},
		"captured":             {experiments.Training{CUDAGraph: true}, atentest.Tolerance(device, 0, 1e-3)},
		"captured, bf16, last": {experiments.Training{CUDAGraph: true, Precision: "bf16", ChannelsLast: true}, 2e-2},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, p := recognitionAware(t, device, c.recipe)
			for term, values := range want {
				require.Len(t, got[term], recognitionAwareSteps)
				for step, v := range values {
					assert.InDelta(t, v, got[term][step], c.tolerance*math.Abs(float64(v)), "%s of step %d", stages.LossTerms[term], step+1)
				}
			}
			assert.Less(t, got[0][recognitionAwareSteps-1], got[0][0], "it learns")
			for _, e := range p.Entries() {
				assert.NotEqual(t, aten.BFloat16, e.Value.Type(), "%s stays in float32", e.Name)
			}
			if c.recipe.ChannelsLast {
				assert.True(t, slices.ContainsFunc(p.Entries(), func(e nn.Entry) bool {
					return len(e.Value.Shape()) == 4 && e.Value.Dim(1) > 1 && e.Value.IsChannelsLast()
				}))
			}
		})
	}
}
