package recognition_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
	"transfera/models"
	"transfera/models/recognition"
)

// In training, the batch's statistics make the outputs independent of the running ones, so that only what is dropped can
// make two passes differ.
func TestTrainingDropsWhatTheGeneratorSays(t *testing.T) {
	zoo := readZoo(t)
	for _, name := range []string{"vgg11", "inception_v3", "mobilenet_v2", "squeezenet1_1", "convnext_tiny"} {
		t.Run(name, func(t *testing.T) {
			t.Cleanup(runtime.GC)
			network := find(t, name).New(1, classes, nil)
			entry := zoo[name]
			images := fill(network, entry)
			generator := network.Generators()["dropout"]
			require.NotNil(t, generator)
			forward := func() []float32 {
				s := aten.NewScope()
				defer s.Close()
				var logits []float32
				aten.NoGrad(func() {
					logits = network.Forward(aten.FromFloats(s, images.Floats(), images.Shape()...)).Floats()
				})
				return logits
			}

			network.Train()
			start := generator.State()
			first, second := forward(), forward()
			require.NoError(t, generator.SetState(start))
			assert.Equal(t, first, forward())
			assert.NotEqual(t, first, second)

			network.Eval()
			before := generator.State()
			assert.Equal(t, forward(), forward())
			assert.Equal(t, before, generator.State(), "evaluation draws nothing")
		})
	}
}

func TestInputsOfSmallImagesAreTheImages(t *testing.T) {
	for _, a := range recognition.Architectures {
		if strings.HasPrefix(a.Name, "cifar-") || strings.HasPrefix(a.Name, "shapes-") {
			assert.Equal(t, 32, a.Input.Resize, a.Name)
			assert.Equal(t, 32, a.Input.Crop, a.Name)
		}
		if a.Name != "inception_v3" { // whose weights see [-1,1]
			assert.Equal(t, models.ImageNet, a.Input.Normalization, a.Name)
		}
	}
}
