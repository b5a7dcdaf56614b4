package methods_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
	"transfera/models/nn"
	"transfera/runner/methods"
)

func TestMethodsNeedWhatTheirLossesTake(t *testing.T) {
	cases := []struct {
		name                          string
		trains, recognizer, transform bool
		lambda                        float64
	}{
		{"none", false, false, false, 0},
		{"plain", true, false, false, 0},
		{"ra", true, true, false, 1e-3},
		{"ra-unsupervised", true, true, false, 10},
		{"ra-transformer", true, true, true, 1e-2},
		{"perceptual", true, true, false, 1e-2}, // not of the paper
	}
	require.Len(t, methods.Methods, len(cases))
	for _, c := range cases {
		m, ok := methods.Find(c.name)
		require.True(t, ok, c.name)
		assert.Equal(t, c.name, m.Name)
		assert.Equal(t, c.trains, m.Loss != nil, c.name)
		assert.Equal(t, c.recognizer, m.NeedsRecognizer, c.name)
		assert.Equal(t, c.transform, m.NeedsTransformer, c.name)
		assert.Equal(t, c.lambda, m.DefaultLambda, c.name)
	}
	_, ok := methods.Find("RA")
	assert.False(t, ok)
}

func TestObjectiveWeighsRecognition(t *testing.T) {
	s := aten.NewScope()
	defer s.Close()
	processing, recognition := aten.Full(s, 2), aten.Full(s, 3)
	assert.Equal(t, 3.5, methods.Objective(processing, recognition, 0.5).Item())
	assert.Equal(t, 2.0, methods.Objective(processing, aten.Tensor{}, 0.5).Item())
}

// What each term alone sends a gradient to.
func TestGradientsGoWhereTheMethodSendsThem(t *testing.T) {
	type reach struct{ p, t bool }
	cases := map[string]struct{ processing, recognition reach }{
		"plain":           {processing: reach{p: true}},
		"ra":              {processing: reach{p: true}, recognition: reach{p: true}},
		"ra-unsupervised": {processing: reach{p: true}, recognition: reach{p: true}},
		"perceptual":      {processing: reach{p: true}, recognition: reach{p: true}},
		"ra-transformer":  {processing: reach{p: true}, recognition: reach{t: true}},
	}
	for name, want := range cases {
		t.Run(name, func(t *testing.T) {
			method, ok := methods.Find(name)
			require.True(t, ok)
			trial := newTrial(t, aten.Float)
			check := func(term string, want reach, choose func(processing, recognition aten.Tensor) aten.Tensor) {
				s := aten.NewScope()
				defer s.Close()
				batch := trial.batch(t, s, 0)
				batch.Target.SetRequiresGrad(true)
				choose(method.Loss(trial.networks(method), batch)).Backward()
				assertReached(t, trial.p, want.p, term+" to P")
				assertReached(t, trial.t, want.t, term+" to T")
				assertReached(t, trial.r, false, term+" to R")
				if term == "recognition" {
					_, ok := batch.Target.Grad()
					assert.False(t, ok, "what R says of the target is a constant")
				}
			}
			check("processing", want.processing, func(p, _ aten.Tensor) aten.Tensor { return p })
			if method.NeedsRecognizer {
				check("recognition", want.recognition, func(_, r aten.Tensor) aten.Tensor { return r })
			}
		})
	}
}

// assertReached fails unless all or none of the parameters have a gradient, and forgets them.
func assertReached(t *testing.T, n *nn.Network, reached bool, path string) {
	t.Helper()
	for _, e := range n.Entries() {
		if !e.Buffer {
			_, ok := e.Value.Grad()
			assert.Equal(t, reached, ok, "%s: gradient of %s", path, e.Name)
			e.Value.ClearGrad()
		}
	}
}

func TestTrainingLeavesTheRecognizerAlone(t *testing.T) {
	for _, method := range methods.Methods {
		if !method.NeedsRecognizer {
			continue
		}
		t.Run(method.Name, func(t *testing.T) {
			trial := newTrial(t, aten.Float)
			s := aten.NewScope()
			defer s.Close()
			image := trial.batch(t, s, 0).Target
			before := trial.r.Dict().Checksum()
			answer := trial.r.Forward(image)
			trial.train(t, method, 1, nil)
			assert.Equal(t, before, trial.r.Dict().Checksum())
			assert.True(t, aten.Identical(answer, trial.r.Forward(image)), "the folded weights too")
		})
	}
}
