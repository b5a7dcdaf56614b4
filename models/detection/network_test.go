package detection

import (
	"fmt"
	"strings"
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

// The seed and the options that are not the default are those of scripts/goldens/detection_network.py.
func goldenDetector(t *testing.T) (*Detector, nntest.Golden) {
	t.Helper()
	golden := nntest.Load(t, "detection", "shapes.pth")
	d := New(shapes, 1, 3, models.Options{"width": 4, "hidden": 16})
	require.NoError(t, d.Load("shapes.pth", golden.Under("initial")))
	return d, golden
}

func TestASmallDetectorEqualsTorchvision(t *testing.T) {
	d, golden := goldenDetector(t)
	assertDetector(t, d, golden, nntest.Tolerance)
}

// assertDetector compares a detector that has the golden's initial state with what scripts/goldens/detection_network.py
// recorded of torchvision's, as it is and frozen, which it is afterwards. gradientTolerance is how far its
// gradients of the image may be from torchvision's.
func assertDetector(t *testing.T, d *Detector, golden nntest.Golden, gradientTolerance float64) {
	t.Helper()
	for _, frozen := range []bool{false, true} {
		if frozen {
			d.Freeze()
		}
		t.Run(fmt.Sprintf("detections, frozen %v", frozen), func(t *testing.T) { assertDetections(t, d, golden) })
		for _, name := range []string{"objects", "none"} {
			t.Run(fmt.Sprintf("%s, frozen %v", name, frozen), func(t *testing.T) {
				assertLosses(t, d, golden, name, gradientTolerance)
				for _, e := range d.Entries() {
					_, learns := e.Value.Grad()
					assert.Equal(t, !frozen && !e.Buffer, learns, e.Name)
					e.Value.ClearGrad()
				}
			})
		}
	}
}

// assertDetections compares each stage of detection: features, proposals, detections.
func assertDetections(t *testing.T, d *Detector, golden nntest.Golden) {
	t.Helper()
	image := golden.Tensor(t, "image")
	aten.NoGrad(func() {
		n := d.network
		v := n.look(image)
		assertNear(t, golden, "features", nn.ToWeights("features", v.features))
		assertNear(t, golden, "proposals", boxTensor(n.propose(v, n.beforeTest, n.afterTest)))
	})
	found, err := d.Detect(image)
	require.NoError(t, err)
	assert.Equal(t, golden.Tensor(t, "found.labels").Longs(), found.Labels)
	assertNear(t, golden, "found.boxes", boxTensor(found.Boxes))
	assertNear(t, golden, "found.scores", weights.FromFloats("scores", []int64{int64(len(found.Scores))}, found.Scores))
}

// assertLosses compares the losses of the golden's image with "objects" or with "none", and their sum's gradient.
func assertLosses(t *testing.T, d *Detector, golden nntest.Golden, name string, gradientTolerance float64) {
	t.Helper()
	s := aten.NewScope()
	defer s.Close()
	target := Target{}
	if name == "objects" {
		target = Target{Boxes: boxesOf(t, golden, "objects"), Labels: golden.Tensor(t, "labels").Longs()}
	}
	given := golden.Tensor(t, "image")
	image := aten.FromFloats(s, given.Floats(), given.Shape()...)
	image.SetRequiresGrad(true)
	l, err := d.Losses(image, target, aten.NewGenerator(2019))
	require.NoError(t, err)
	want := golden.Tensor(t, name+".losses").Floats()
	for i, part := range []aten.Tensor{l.Objectness, l.RPNBox, l.Class, l.Box} {
		assert.InDelta(t, want[i], part.Item(), nntest.Tolerance*float64(want[i]), "part %d", i)
		t.Logf("part %d: %.8g, torchvision %.8g", i, part.Item(), want[i])
	}
	l.Sum().Backward()
	gradient, ok := image.Grad()
	require.True(t, ok)
	assertWithin(t, golden, name+".gradient", nn.ToWeights("gradient", gradient), gradientTolerance)
}

func assertNear(t *testing.T, golden nntest.Golden, name string, got weights.Tensor) {
	t.Helper()
	assertWithin(t, golden, name, got, nntest.Tolerance)
}

func assertWithin(t *testing.T, golden nntest.Golden, name string, got weights.Tensor, tolerance float64) {
	t.Helper()
	want, ok := golden.Tensors.Get(name)
	require.True(t, ok, name)
	deviation := nntest.RelativeError(want, got)
	assert.LessOrEqual(t, deviation, tolerance, name)
	t.Logf("%s deviates by %.2g", name, deviation)
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

// Its features are the classifier's, whose last layer alone is not used.
func TestTheSmallDetectorStartsFromItsClassifier(t *testing.T) {
	classifier, _ := recognition.Find("shapes-resnet")
	r := classifier.New(7, 10, models.Options{"width": 4})
	d := New(shapesResNet, 1, 3, models.Options{"width": 4, "hidden": 16})
	before := d.Dict()
	require.NoError(t, d.LoadClassifier("r.pth", r.Dict()))
	for _, tensor := range d.Dict() {
		stored, ok := r.Dict().Get(strings.TrimPrefix(tensor.Name, "backbone."))
		old, _ := before.Get(tensor.Name)
		if strings.HasPrefix(tensor.Name, "backbone.") {
			require.True(t, ok, tensor.Name)
			assert.Equal(t, stored.Data, tensor.Data, tensor.Name)
		} else {
			assert.Equal(t, old.Data, tensor.Data, tensor.Name)
		}
	}
	other := classifier.New(7, 10, models.Options{"width": 8})
	assert.ErrorContains(t, d.LoadClassifier("r.pth", other.Dict()), "backbone.conv1.weight")
	for _, e := range d.Entries() {
		fixed := strings.HasPrefix(e.Name, "backbone.conv1") || strings.HasPrefix(e.Name, "backbone.layer1") || strings.Contains(e.Name, "bn")
		if strings.HasPrefix(e.Name, "backbone.") && fixed {
			assert.True(t, e.Buffer, "%s is not trained", e.Name)
		}
	}
}
