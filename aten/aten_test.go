package aten

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNativeErrorsAreRecoveredAtTheEdge(t *testing.T) {
	s := NewScope()
	defer s.Close()
	x := FromFloats(s, make([]float32, 12), 1, 3, 2, 2)
	weight := FromFloats(s, make([]float32, 4), 1, 4, 1, 1)
	cases := map[string]func(){
		"conv2d":   func() { Conv2d(x, weight, Tensor{}, Convolution{}) }, // gotorch's operator
		"mse_loss": func() { MSELoss(x, weight) },                         // ours
		"backward": func() { x.Backward() },
		"cat":      func() { Cat(0, x, weight) },
	}
	for op, run := range cases {
		var native *Error
		require.ErrorAs(t, Catch(run), &native, op)
		assert.Equal(t, op, native.Op)
		assert.NotEmpty(t, native.Message)
	}
	assert.PanicsWithValue(t, "a bug", func() { _ = Catch(func() { panic("a bug") }) })
}

func TestScopeFreesItsTensorsAndKeepsWhatIsKept(t *testing.T) {
	s := NewScope()
	x := FromFloats(s, []float32{-1, 2}, 2)
	y := ReLU(x)
	kept := AddScalar(y, 1).Keep()
	s.Close()
	s.Close()
	assert.False(t, x.Defined())
	assert.False(t, y.Defined())
	assert.Equal(t, []float32{1, 3}, kept.Floats())
	assert.Error(t, Catch(func() { y.Floats() }))
}

func TestWithinFreesIntermediatesButTheResult(t *testing.T) {
	s := NewScope()
	defer s.Close()
	var intermediate Tensor
	x := FromFloats(s, []float32{-1, 2}, 2)
	y := Within(x, func(x Tensor) Tensor {
		intermediate = MulScalar(x, 2)
		return AddScalar(intermediate, 1)
	})
	assert.False(t, intermediate.Defined())
	assert.True(t, x.Defined())
	assert.Equal(t, []float32{-1, 5}, y.Floats())
	same := Within(x, func(x Tensor) Tensor { return x })
	assert.Equal(t, []float32{-1, 2}, same.Floats())
}

func TestGradientsStopAtDetachAndNoGrad(t *testing.T) {
	s := NewScope()
	defer s.Close()
	w := FromFloats(nil, []float32{3}, 1)
	w.SetRequiresGrad(true)
	x := FromFloats(s, []float32{2}, 1)

	Sum(Add(Mul(w, x), Mul(w, x).Detach())).Backward()
	g, ok := w.Grad()
	require.True(t, ok)
	assert.Equal(t, []float32{2}, g.Floats())
	w.ClearGrad()
	_, ok = w.Grad()
	assert.False(t, ok)

	NoGrad(func() { assert.False(t, Mul(w, x).RequiresGrad()) })
	assert.True(t, Mul(w, x).RequiresGrad())
}

func TestGeneratorContinuesFromItsState(t *testing.T) {
	g := NewGenerator(42)
	g.Normal(nil, 5)
	state := g.State()
	first := g.Permutation(10)
	require.NoError(t, g.SetState(state))
	assert.Equal(t, first, g.Permutation(10))
	assert.Error(t, g.SetState([]byte{1}))

	filled := make([]float32, 48)
	NewGenerator(7).FillNormal(filled)
	assert.Equal(t, NewGenerator(7).Normal(nil, 3, 4, 4).Floats(), filled)
}

func TestOptimizersContinueFromTheirState(t *testing.T) {
	makers := map[string]func(p []Tensor) *Optimizer{
		"adam": func(p []Tensor) *Optimizer { return NewAdam(p, 0.1, 0.9, 0.999, 0) },
		"sgd":  func(p []Tensor) *Optimizer { return NewSGD(p, 0.1, 0.9, 1e-2, true) },
	}
	for name, optimizer := range makers {
		t.Run(name, func(t *testing.T) {
			descend := func(w Tensor, o *Optimizer, steps int) {
				for range steps {
					s := NewScope()
					o.ZeroGrad()
					MSELoss(w, FromFloats(s, []float32{5, -5}, 2)).Backward()
					o.Step()
					s.Close()
				}
			}
			leaf := func(values []float32) Tensor {
				w := FromFloats(nil, values, 2)
				w.SetRequiresGrad(true)
				return w
			}
			straight := leaf([]float32{1, 2})
			descend(straight, optimizer([]Tensor{straight}), 6)

			half := leaf([]float32{1, 2})
			before := optimizer([]Tensor{half})
			descend(half, before, 3)
			resumed := leaf(half.Floats())
			after := optimizer([]Tensor{resumed})
			require.NoError(t, after.SetState(before.State()))
			descend(resumed, after, 3)
			assert.Equal(t, straight.Floats(), resumed.Floats())

			forgetful := leaf(half.Floats())
			descend(forgetful, optimizer([]Tensor{forgetful}), 3)
			assert.NotEqual(t, straight.Floats(), forgetful.Floats(), "the state matters")
			assert.Error(t, after.SetState(map[string]Tensor{"9.exp_avg": straight}))
		})
	}
}

func TestParseDevice(t *testing.T) {
	d, err := ParseDevice("cpu")
	require.NoError(t, err)
	assert.Equal(t, "cpu", d.String())
	for _, name := range []string{"gpu", "cuda:x", "cuda:-1", ""} {
		_, err := ParseDevice(name)
		assert.ErrorContains(t, err, "use auto, cpu, cuda or cuda:N", name)
	}
	if !CUDAAvailable() {
		_, err := ParseDevice("cuda")
		assert.ErrorContains(t, err, "use --device cpu")
	}
}

func TestFirstTensorThatIsNotFiniteIsFound(t *testing.T) {
	s := NewScope()
	defer s.Close()
	nan, inf, most := float32(math.NaN()), float32(math.Inf(1)), float32(math.MaxFloat32)
	cases := map[string]struct {
		values [][]float32
		want   int
	}{
		"numbers":                {[][]float32{{0, 1}, {-2}}, -1},
		"nothing":                {nil, -1},
		"NaN":                    {[][]float32{{0, 1}, {0, nan, 1}, {nan}}, 1},
		"infinite":               {[][]float32{{-inf}, {inf}}, 0},
		"both infinities":        {[][]float32{{0}, {0}, {inf, -inf}}, 2},
		"numbers of a large sum": {[][]float32{{most, most, most}, {-most, -most}}, -1},
		"after such":             {[][]float32{{most, most}, {1, inf}}, 1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var tensors []Tensor
			for _, v := range c.values {
				tensors = append(tensors, FromFloats(s, v, len(v)))
			}
			assert.Equal(t, c.want, FirstNotFinite(tensors...))
		})
	}
	assert.Equal(t, -1, FirstNotFinite(FromLongs(s, []int64{math.MaxInt64}, 1)), "integers")
	x := FromFloats(s, []float32{1, nan}, 2)
	x.SetRequiresGrad(true)
	assert.Equal(t, 0, FirstNotFinite(x))
	closed := NewScope()
	gone := FromFloats(closed, []float32{1}, 1)
	closed.Close()
	assert.Error(t, Catch(func() { FirstNotFinite(gone) }))
}
