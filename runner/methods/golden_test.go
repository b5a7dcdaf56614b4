package methods_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
	"transfera/models"
	"transfera/models/nn"
	"transfera/models/nn/nntest"
	"transfera/models/processing"
	"transfera/models/recognition"
	"transfera/models/weights"
	"transfera/runner/methods"
)

// The lambdas and the number of steps are those of scripts/goldens/methods.py, larger than the defaults so that a mistake in
// the recognition term would show.
var lambdas = map[string]float64{"plain": 0, "ra": 0.1, "ra-unsupervised": 10, "perceptual": 0.1, "ra-transformer": 0.1}

const steps = 5

// Losses, gradients, weights and running statistics agree within nntest.Tolerance: the largest deviation of any element of
// a tensor, divided by the tensor's largest element. The golden is PyTorch's in double precision.
//
// In float32 the tensors that roundingDecides names have no true answer: there a gradient must be nothing beside the others.
// In double precision, through the same code, they must agree like all others.
func TestFiveAdamStepsEqualPyTorch(t *testing.T) {
	for precision, dtype := range map[string]aten.DType{"float": aten.Float, "double": aten.Double} {
		for method, lambda := range lambdas {
			t.Run(method+" in "+precision, func(t *testing.T) {
				m, ok := methods.Find(method)
				require.True(t, ok)
				trial, golden := newTrial(t, dtype), nntest.Load(t, "methods", method+".pth")
				undecided := func(name string) bool { return dtype == aten.Float && roundingDecides(name) }

				trial.train(t, m, lambda, func(step int, processing, recognition aten.Tensor) {
					golden.AssertClose(t, fmt.Sprintf("processing.%d", step), processing)
					if assert.Equal(t, m.NeedsRecognizer, recognition.Defined()); recognition.Defined() {
						golden.AssertClose(t, fmt.Sprintf("recognition.%d", step), recognition)
					}
					if step == 0 {
						assertGradients(t, golden.Under("gradient.P"), trial.p)
						assertGradients(t, golden.Under("gradient.T"), trial.t)
					}
				})
				nntest.AssertDictClose(t, without(undecided, golden.Under("after.P")), trial.p.Dict())
				nntest.AssertDictClose(t, golden.Under("after.T"), trial.t.Dict())
			})
		}
	}
}

// roundingDecides tells whether a tensor of P is a bias before a BatchNorm, whose true gradient is zero while Adam scales up
// its rounding (see scripts/goldens/methods.py), or the running mean of what that bias is part of.
func roundingDecides(name string) bool {
	return slices.ContainsFunc([]string{".conv1.bias", ".conv2.bias", ".bn1.running_mean", ".bn2.running_mean"},
		func(suffix string) bool { return strings.HasSuffix(name, suffix) })
}

// assertGradients compares a network's gradients with want: which there are, their values, and the size of those that are
// rounding on both sides.
func assertGradients(t *testing.T, want weights.Dict, network *nn.Network) {
	t.Helper()
	var got, vanishing weights.Dict
	for _, e := range network.Entries() {
		if e.Buffer {
			continue
		}
		gradient, ok := e.Value.Grad()
		_, wanted := want.Get(e.Name)
		assert.Equal(t, wanted, ok, "gradient of %s", e.Name)
		switch {
		case !ok:
		case roundingDecides(e.Name):
			vanishing = append(vanishing, nn.ToWeights(e.Name, gradient))
		default:
			got = append(got, nn.ToWeights(e.Name, gradient))
		}
	}
	nntest.AssertDictClose(t, without(roundingDecides, want), got)
	for _, v := range vanishing {
		assert.Less(t, largest(t, v), nntest.Tolerance*largest(t, got...), v.Name)
	}
}

func largest(t *testing.T, tensors ...weights.Tensor) float64 {
	t.Helper()
	var size float64
	for _, tensor := range tensors {
		values, err := tensor.Floats()
		require.NoError(t, err)
		for _, v := range values {
			size = max(size, float64(v), -float64(v))
		}
	}
	return size
}

// without returns the tensors of d whose names are not excluded.
func without(excluded func(name string) bool, d weights.Dict) weights.Dict {
	return slices.DeleteFunc(slices.Clone(d), func(t weights.Tensor) bool { return excluded(t.Name) })
}

// trial is the golden's problem: three networks in their initial state, R frozen, in one precision.
type trial struct {
	golden  nntest.Golden
	dtype   aten.DType
	p, t, r *nn.Network
}

func newTrial(t *testing.T, dtype aten.DType) trial {
	t.Helper()
	golden := nntest.Load(t, "methods", "problem.pth")
	load := func(name, prefix string, find func(string) (models.Architecture, bool), size int, o models.Options) *nn.Network {
		architecture, ok := find(name)
		require.True(t, ok, name)
		network := architecture.New(0, size, o)
		require.NoError(t, network.Load("problem.pth", golden.Under(prefix)))
		for _, e := range network.Entries() {
			if e.Value.Type() == aten.Float {
				e.Value.SetData(e.Value.Detach().Cast(dtype).Tensor)
			}
		}
		return network
	}
	made := trial{
		golden: golden,
		dtype:  dtype,
		p:      load("srresnet", "P", processing.Find, 2, models.Options{"channels": 4, "blocks": 2, "end_kernel": 5}),
		t:      load("resnet-generator", "T", processing.Find, 1, models.Options{"channels": 2, "blocks": 1}),
		r:      load("shapes-resnet", "R", recognition.Find, 10, models.Options{"width": 3}),
	}
	made.p.Train()
	made.t.Train()
	made.r.Freeze()
	return made
}

// networks are those that the method asks for, and no others.
func (t trial) networks(m methods.Method) methods.Networks {
	n := methods.Networks{P: t.p}
	if m.NeedsTransformer {
		n.T = t.t
	}
	if m.NeedsRecognizer {
		n.R = methods.NewClassifier(models.ImageNet.On(aten.CPU), t.r)
	}
	return n
}

func (t trial) batch(test *testing.T, s *aten.Scope, step int) methods.Batch {
	images := func(name string) aten.Tensor {
		stored := t.golden.Tensor(test, fmt.Sprintf("%s.%d", name, step))
		bytes := aten.FromBytes(s, stored.Bytes(), stored.Shape()...).Cast(t.dtype)
		return aten.Div(bytes, aten.Full(s, 255))
	}
	labels := t.golden.Tensor(test, fmt.Sprintf("labels.%d", step)).Longs()
	return methods.Batch{Input: images("input"), Target: images("target"), Labels: aten.FromLongs(s, labels, len(labels))}
}

// train takes the golden's steps; seen is called, if not nil, between backward and the optimizer's step.
func (t trial) train(test *testing.T, m methods.Method, lambda float64, seen func(step int, processing, recognition aten.Tensor)) {
	test.Helper()
	parameters := t.p.Parameters()
	if m.NeedsTransformer {
		parameters = append(parameters, t.t.Parameters()...)
	}
	optimizer := aten.NewAdam(parameters, 1e-3, 0.9, 0.999, 0)
	for step := range steps {
		s := aten.NewScope()
		processing, recognition := m.Loss(t.networks(m), t.batch(test, s, step))
		optimizer.ZeroGrad()
		methods.Objective(processing, recognition, lambda).Backward()
		if seen != nil {
			seen(step, processing, recognition)
		}
		optimizer.Step()
		s.Close()
	}
}
