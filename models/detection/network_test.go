package detection

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
	"transfera/models"
	"transfera/models/nn"
	"transfera/models/nn/nntest"
	"transfera/models/recognition"
	"transfera/models/weights"
)

// The options and the seed are those of scripts/goldens/detection_network.py.
func goldenDetector(t *testing.T) (*Detector, nntest.Golden) {
	t.Helper()
	golden := nntest.Load(t, "detection", "shapes.pth")
	d := New(shapes, 1, 3, models.Options{"width": 4, "hidden": 16})
	require.NoError(t, d.Load("shapes.pth", golden.Under("initial")))
	return d, golden
}

func TestLossesEqualTorchvision(t *testing.T) {
	for _, frozen := range []bool{false, true} {
		for _, name := range []string{"objects", "none"} {
			t.Run(fmt.Sprintf("%s, frozen %v", name, frozen), func(t *testing.T) {
				d, golden := goldenDetector(t)
				if frozen {
					d.Freeze()
				}
				target := Target{}
				if name == "objects" {
					target = Target{Boxes: boxesOf(t, golden, "objects"), Labels: []int64{2, 0, 1}}
				}
				image := golden.Tensor(t, "image")
				image.SetRequiresGrad(true)
				l, err := d.Losses(image, target, aten.NewGenerator(2019))
				require.NoError(t, err)
				want := golden.Tensor(t, name+".losses").Floats()
				for i, part := range []aten.Tensor{l.Objectness, l.RPNBox, l.Class, l.Box} {
					assert.InDelta(t, want[i], part.Item(), 1e-4*float64(want[i]), "part %d", i)
					t.Logf("part %d: %.7g, torchvision %.7g", i, part.Item(), want[i])
				}
				l.Sum().Backward()
				gradient, ok := image.Grad()
				require.True(t, ok)
				stored, _ := golden.Tensors.Get(name + ".gradient")
				deviation := nntest.RelativeError(stored, nn.ToWeights("gradient", gradient))
				assert.LessOrEqual(t, deviation, 1e-4)
				t.Logf("gradient deviates by %.2g", deviation)
				for _, e := range d.Entries() {
					_, learns := e.Value.Grad()
					assert.Equal(t, !frozen && !e.Buffer, learns, e.Name)
				}
			})
		}
	}
}

func TestDetectionsEqualTorchvision(t *testing.T) {
	d, golden := goldenDetector(t)
	found := d.Detect(golden.Tensor(t, "image"))
	assert.Equal(t, golden.Tensor(t, "found.labels").Longs(), found.Labels)
	assert.InDeltaSlice(t, golden.Tensor(t, "found.scores").Floats(), found.Scores, 1e-5)
	for i, want := range boxesOf(t, golden, "found.boxes") {
		assert.InDeltaSlice(t, want[:], found.Boxes[i][:], 1e-3)
	}
}

func TestTargetsThatNoImageHasAreErrors(t *testing.T) {
	d, golden := goldenDetector(t)
	for says, target := range map[string]Target{
		"give each box one label":      {Boxes: []Box{{1, 1, 2, 2}}},
		"give it a positive width":     {Boxes: []Box{{1, 1, 1, 2}}, Labels: []int64{0}},
		"has label 3; expected 0 to 2": {Boxes: []Box{{1, 1, 2, 2}}, Labels: []int64{3}},
	} {
		_, err := d.Losses(golden.Tensor(t, "image"), target, aten.NewGenerator(1))
		assert.ErrorContains(t, err, says)
	}
}

func TestAClassifierBecomesBackboneAndHead(t *testing.T) {
	architecture, _ := Find("faster-rcnn-resnet18")
	d := New(architecture, 1, 3, nil)
	classifier, _ := recognition.Find("resnet18")
	dict := classifier.New(7, 1000, nil).Dict()
	require.NoError(t, d.LoadClassifier("r.pth", dict))
	state := d.Dict()
	for stored, own := range map[string]string{
		"conv1.weight": "backbone.conv1.weight", "layer4.1.bn2.bias": "roi_heads.box_head.layer4.1.bn2.bias",
	} {
		want, _ := dict.Get(stored)
		got, ok := state.Get(own)
		require.True(t, ok, own)
		assert.Equal(t, want.Data, got.Data, own)
	}
	assert.ErrorContains(t, d.LoadClassifier("r.pth", append(dict, weights.FromFloats("x", []int64{1}, []float32{1}))),
		"tensor backbone.x (1) is not part of the network")
	assert.ErrorContains(t, d.LoadClassifier("r.pth", weights.Dict{}), "tensor backbone.conv1.weight missing")
	assert.Equal(t, 15+6+4, len(d.Parameters())) // layers 2 to 4, of which BatchNorms are fixed; proposals; predictor
}
