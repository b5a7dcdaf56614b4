package detection

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
	"transfera/models/nn"
	"transfera/models/nn/nntest"
	"transfera/models/weights"
)

func operatorGoldens(t *testing.T) nntest.Golden { return nntest.Load(t, "detection", "operators.pth") }

func boxesOf(t *testing.T, golden nntest.Golden, name string) []Box {
	t.Helper()
	values := golden.Tensor(t, name).Floats()
	boxes := make([]Box, len(values)/4)
	for i := range boxes {
		boxes[i] = Box(values[i*4 : i*4+4])
	}
	return boxes
}

func boxTensor(boxes []Box) weights.Tensor {
	var flat []float32
	for _, b := range boxes {
		flat = append(flat, b[:]...)
	}
	return weights.FromFloats("boxes", []int64{int64(len(boxes)), 4}, flat)
}

func assertBoxes(t *testing.T, golden nntest.Golden, name string, got []Box) {
	t.Helper()
	assertNear(t, golden, name, boxTensor(got))
}

func indices[E int | int64](values []E) []int64 {
	wide := make([]int64, len(values))
	for i, v := range values {
		wide[i] = int64(v)
	}
	return wide
}

func TestBoxArithmeticEqualsTorchvision(t *testing.T) {
	golden := operatorGoldens(t)
	a, b := boxesOf(t, golden, "boxes.a"), boxesOf(t, golden, "boxes.b")
	assert.Equal(t, golden.Tensor(t, "boxes.iou").Floats(), slices.Concat(IoU(a, b)...))
	clipped, large := make([]Box, len(b)), []int{}
	for i := range b {
		clipped[i] = Clip(b[i], 40, 50)
		if Large(clipped[i], 10) {
			large = append(large, i)
		}
	}
	assertBoxes(t, golden, "boxes.clip", clipped)
	assert.Equal(t, golden.Tensor(t, "boxes.large").Longs(), indices(large))
	for name, coder := range map[string]Coder{"proposal": ProposalCoder, "head": HeadCoder} {
		offsets := boxesOf(t, golden, "boxes."+name+".offsets")
		encoded, decoded := make([]Box, len(a)), make([]Box, len(a))
		for i := range a {
			encoded[i], decoded[i] = coder.Encode(b[i], a[i]), coder.Decode(offsets[i], a[i])
		}
		assertBoxes(t, golden, "boxes."+name+".encode", encoded)
		assertBoxes(t, golden, "boxes."+name+".decode", decoded)
	}
}

func TestAnchorsEqualTorchvision(t *testing.T) {
	golden := operatorGoldens(t)
	usual := []float32{0.5, 1, 2}
	assertBoxes(t, golden, "anchors.usual", Anchors{[]float32{128, 256, 512}, usual}.Grid(6, 10, 96, 160))
	assertBoxes(t, golden, "anchors.small", Anchors{[]float32{10, 23, 45}, usual}.Grid(8, 12, 64, 96))
	assertBoxes(t, golden, "anchors.uneven", Anchors{[]float32{17}, []float32{0.3, 1, 3}}.Grid(7, 9, 50, 70))
}

func TestSuppressionEqualsTorchvision(t *testing.T) {
	golden := operatorGoldens(t)
	boxes, scores := boxesOf(t, golden, "nms.boxes"), golden.Tensor(t, "nms.scores").Floats()
	classes := golden.Tensor(t, "nms.classes").Longs()
	for name, threshold := range map[string]float64{"nms.30": 0.3, "nms.50": 0.5, "nms.70": 0.7} {
		want := golden.Tensor(t, name).Longs()
		assert.Equal(t, want, indices(Suppress(boxes, scores, threshold, 0)), name)
		assert.Equal(t, want[:9], indices(Suppress(boxes, scores, threshold, 9)), name)
		assert.Equal(t, golden.Tensor(t, name+".classes").Longs(),
			indices(SuppressPerClass(boxes, scores, classes, threshold, 0)), name)
	}
	smooth := Suppress(boxesOf(t, golden, "nms.smooth.boxes"), golden.Tensor(t, "nms.smooth.scores").Floats(), 0.7, 0)
	assert.Equal(t, golden.Tensor(t, "nms.smooth").Longs(), indices(smooth))
}

func TestSuppressionOfNoBoxesKeepsNone(t *testing.T) { assert.Empty(t, Suppress(nil, nil, 0.5, 0)) }

func BenchmarkSuppressionOf12000Proposals(b *testing.B) {
	g := aten.NewGenerator(1)
	u := aten.Full(nil, 0, 12000, 5)
	g.Uniform(u, 0, 1)
	values := u.Floats()
	boxes, scores := make([]Box, 12000), make([]float32, 12000)
	for i := range boxes {
		v := values[i*5 : i*5+5]
		x, y := v[0]*700, v[1]*500
		boxes[i], scores[i] = Box{x, y, x + 20 + v[2]*300, y + 20 + v[3]*300}, v[4]
	}
	for b.Loop() {
		Suppress(boxes, scores, 0.7, 2000)
	}
}

func TestMatchingEqualsTorchvision(t *testing.T) {
	golden := operatorGoldens(t)
	boxes, objects := boxesOf(t, golden, "match.boxes"), boxesOf(t, golden, "match.objects")
	usual := settingsOf(shapes.Complete(nil))
	assert.Equal(t, golden.Tensor(t, "match.anchors").Longs(), indices(usual.anchorMatch.match(objects, boxes)))
	assert.Equal(t, golden.Tensor(t, "match.proposals").Longs(), indices(usual.boxMatch.match(objects, boxes)))
	assert.Equal(t, []int{background, background}, usual.anchorMatch.match(nil, boxes[:2]))
}

func TestRegionsEqualTorchvision(t *testing.T) {
	golden := operatorGoldens(t)
	boxes := boxesOf(t, golden, "regions.boxes")
	type operator = func(aten.Tensor, []Box, aten.Regions) aten.Tensor
	cases := map[string]struct {
		run      operator
		features string
		regions  aten.Regions
	}{
		"align":       {aten.RoIAlign, "features", aten.Regions{High: 7, Wide: 5, Sampling: 2}},
		"aligned":     {aten.RoIAlign, "features", aten.Regions{High: 7, Wide: 5, Sampling: 2, Aligned: true}},
		"adaptive":    {aten.RoIAlign, "features", aten.Regions{High: 3, Wide: 4}},
		"pool":        {aten.RoIPool, "flat", aten.Regions{High: 7, Wide: 5}},
		"pool.coarse": {aten.RoIPool, "flat", aten.Regions{High: 2, Wide: 3}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			c.regions.Scale = 1.0 / 8
			features := golden.Tensor(t, "regions."+c.features)
			features.SetRequiresGrad(true)
			output := c.run(features, boxes, c.regions)
			aten.Sum(aten.Mul(output, golden.Tensor(t, name+".weight"))).Backward()
			gradient, ok := features.Grad()
			require.True(t, ok)
			for part, got := range map[string]aten.Tensor{name + ".output": output, name + ".gradient": gradient} {
				assertNear(t, golden, part, nn.ToWeights(part, got))
			}
		})
	}
}
