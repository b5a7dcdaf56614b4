package detection

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
	"transfera/models"
	"transfera/models/nn"
)

const sceneSide = 64

// scene is an image (3,sceneSide,sceneSide) of values in [0,1] and what it shows: rectangles on grey, red ones of class 0
// and green ones of class 1.
type scene struct {
	pixels []float32
	target Target
}

func draw(target Target) scene {
	s := scene{pixels: slices.Repeat([]float32{0.5}, 3*sceneSide*sceneSide), target: target}
	for i, b := range target.Boxes {
		for channel := range 3 {
			value := float32(0)
			if int64(channel) == target.Labels[i] {
				value = 1
			}
			for y := int(b[1]); y < int(b[3]); y++ {
				for x := int(b[0]); x < int(b[2]); x++ {
					s.pixels[(channel*sceneSide+y)*sceneSide+x] = value
				}
			}
		}
	}
	return s
}

func (s scene) image(scope *aten.Scope, normalize nn.Layer) aten.Tensor {
	return normalize.Forward(aten.FromFloats(scope, s.pixels, 1, 3, sceneSide, sceneSide))
}

// found tells whether the detections with a score above 0.5 are the scene's objects, each once, and nothing else.
func (s scene) found(d Detections) bool {
	left := map[int]bool{}
	for i := range s.target.Boxes {
		left[i] = true
	}
	for i, score := range d.Scores {
		if score <= 0.5 {
			continue
		}
		match := -1
		for o, overlap := range IoU(d.Boxes[i:i+1], s.target.Boxes)[0] {
			if overlap > 0.5 && s.target.Labels[o] == d.Labels[i] && left[o] {
				match = o
			}
		}
		if match < 0 {
			return false
		}
		delete(left, match)
	}
	return len(left) == 0
}

func TestASmallDetectorLearnsFixedImagesByHeart(t *testing.T) {
	scenes := []scene{
		draw(Target{Boxes: []Box{{6, 10, 26, 34}, {34, 28, 60, 46}}, Labels: []int64{0, 1}}),
		draw(Target{Boxes: []Box{{30, 4, 58, 30}}, Labels: []int64{1}}),
		draw(Target{Boxes: []Box{{4, 38, 40, 60}, {42, 6, 58, 30}}, Labels: []int64{0, 0}}),
	}
	d := New(shapes, 1, 2, nil)
	normalize := models.ImageNet.On(aten.CPU)
	right := func() int {
		s := aten.NewScope()
		defer s.Close()
		count := 0
		for _, scene := range scenes {
			found, err := d.Detect(scene.image(s, normalize))
			require.NoError(t, err)
			t.Logf("best scores %.2f", found.Scores[:min(4, len(found.Scores))])
			if scene.found(found) {
				count++
			}
		}
		return count
	}
	require.Zero(t, right(), "before training")

	d.Train()
	optimizer := aten.NewAdam(d.Parameters(), 1e-3, 0.9, 0.999, 0)
	for step := range 300 {
		if step == 200 {
			optimizer.SetLearningRate(2e-4) // what one image changes, the others must not miss
		}
		s := aten.NewScope()
		scene := scenes[step%len(scenes)]
		l, err := d.Losses(scene.image(s, normalize), scene.target, SamplingGenerator(1, step))
		require.NoError(t, err)
		l.Sum().Backward()
		optimizer.Step()
		optimizer.ZeroGrad()
		s.Close()
	}
	d.Eval()
	assert.Equal(t, len(scenes), right(), "after training")
}
