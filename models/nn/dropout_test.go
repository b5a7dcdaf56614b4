package nn_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
	"transfera/models/nn"
)

func dropping(seed uint64, build func(b nn.Builder) nn.Layer) *nn.Network {
	network := nn.New(seed, build)
	network.Train()
	return network
}

func elements(b nn.Builder) nn.Layer { return b.Dropout(0.25) }

func samples(b nn.Builder) nn.Layer { return b.StochasticDepth(0.25) }

func ones(s *aten.Scope) aten.Tensor { return aten.Full(s, 1, 200, 4, 5) }

func TestDropoutKeepsTheMean(t *testing.T) {
	s := aten.NewScope()
	defer s.Close()
	values := dropping(1, elements).Forward(ones(s)).Floats()
	dropped := 0
	for _, v := range values {
		if v == 0 {
			dropped++
		} else {
			assert.InDelta(t, 1/0.75, v, 1e-6)
		}
	}
	assert.InDelta(t, 0.25, float64(dropped)/float64(len(values)), 0.03)
}

func TestStochasticDepthDropsWholeSamples(t *testing.T) {
	s := aten.NewScope()
	defer s.Close()
	dropped := 0
	for sample := range slices.Chunk(dropping(1, samples).Forward(ones(s)).Floats(), 4*5) {
		assert.Equal(t, slices.Repeat(sample[:1], 4*5), sample)
		if sample[0] == 0 {
			dropped++
		} else {
			assert.InDelta(t, 1/0.75, sample[0], 1e-6)
		}
	}
	assert.InDelta(t, 50, dropped, 20)
}

func TestGradientsPassWhereNothingIsDropped(t *testing.T) {
	for name, build := range map[string]func(b nn.Builder) nn.Layer{"dropout": elements, "stochastic depth": samples} {
		s := aten.NewScope()
		x := ones(s)
		x.SetRequiresGrad(true)
		y := dropping(1, build).Forward(x)
		aten.Sum(y).Backward()
		gradient, ok := x.Grad()
		require.True(t, ok, name)
		assert.Equal(t, y.Floats(), gradient.Floats(), name)
		s.Close()
	}
}

func TestDropoutIsInactiveInEvaluation(t *testing.T) {
	s := aten.NewScope()
	defer s.Close()
	for name, build := range map[string]func(b nn.Builder) nn.Layer{"dropout": elements, "stochastic depth": samples} {
		x := ones(s)
		network := nn.New(1, build)
		assert.Equal(t, x.T, network.Forward(x).T, name)
		network.Freeze()
		assert.Equal(t, x.T, network.Forward(x).T, name)
	}
	never := dropping(1, func(b nn.Builder) nn.Layer { return b.Dropout(0) })
	x := ones(s)
	assert.Equal(t, x.T, never.Forward(x).T)
}

func TestDropoutContinuesFromItsGeneratorsState(t *testing.T) {
	s := aten.NewScope()
	defer s.Close()
	two := func(b nn.Builder) nn.Layer { return nn.Sequential{b.Dropout(0.25), b.Dropout(0.25)} }
	network := dropping(1, two)
	require.Len(t, network.Generators(), 1, "one stream for all layers")
	first := network.Forward(ones(s)).Floats()
	assert.Equal(t, first, dropping(1, two).Forward(ones(s)).Floats(), "a seed is a stream")
	assert.NotEqual(t, first, dropping(2, two).Forward(ones(s)).Floats())

	state := network.Generators()["dropout"].State()
	second := network.Forward(ones(s)).Floats()
	assert.NotEqual(t, first, second)
	resumed := dropping(1, two)
	require.NoError(t, resumed.Generators()["dropout"].SetState(state))
	assert.Equal(t, second, resumed.Forward(ones(s)).Floats())

	assert.Empty(t, tiny(1).Generators(), "no dropout, no stream")
}

func TestDropoutRefusesWhatIsNoProbability(t *testing.T) {
	for _, probability := range []float64{1, 1.5} {
		err := aten.Catch(func() { aten.Dropout(ones(nil), probability, aten.NewGenerator(1)) })
		assert.ErrorContains(t, err, "not in [0, 1)")
		err = aten.Catch(func() { aten.StochasticDepth(ones(nil), probability, aten.NewGenerator(1)) })
		assert.ErrorContains(t, err, "not in [0, 1)")
	}
}
