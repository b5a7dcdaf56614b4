package aten_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
	"transfera/aten/atentest"
)

// random is a tensor of the stream of seed, on the device.
func random(s *aten.Scope, device aten.Device, seed uint64, shape ...int) aten.Tensor {
	return aten.NewGenerator(seed).Normal(s, shape...).To(device)
}

// descend minimizes a quadratic with 20 steps of Adam and returns the parameters and the optimizer's state. Between steps 10
// and 11 the state goes out and into a new optimizer.
func descend(t *testing.T, device aten.Device, way aten.AdamWay, decay float64) ([][]float32, map[string][]float32) {
	t.Helper()
	var parameters []aten.Tensor
	for i, shape := range [][]int{{3, 2, 3, 3}, {7}, {4, 5}} {
		p := random(nil, device, uint64(i), shape...)
		if len(shape) == 4 {
			p = aten.ChannelsLast(p)
		}
		p.SetRequiresGrad(true)
		parameters = append(parameters, p)
	}
	adam := func() *aten.Optimizer {
		o := aten.NewAdam(parameters, 1e-2, 0.9, 0.999, decay)
		o.SetAdamWay(way)
		return o
	}
	optimizer := adam()
	for step := range 20 {
		if step == 10 {
			state := optimizer.State()
			optimizer = adam()
			require.NoError(t, optimizer.SetState(state))
			optimizer.SetLearningRate(5e-3)
		}
		s := aten.NewScope()
		optimizer.ZeroGrad()
		for i, p := range parameters {
			aten.MSELoss(p, random(s, device, uint64(100+10*step+i), p.Shape()...)).Backward()
		}
		optimizer.Step()
		s.Close()
	}
	values := make([][]float32, len(parameters))
	for i, p := range parameters {
		values[i] = p.Floats()
	}
	state := map[string][]float32{}
	for name, value := range optimizer.State() {
		state[name] = value.Floats()
	}
	return values, state
}

func TestEveryWayOfAdamDoesTheSameSteps(t *testing.T) {
	device := atentest.Device(t)
	for name, way := range map[string]aten.AdamWay{"foreach": aten.AdamForeach, "fused": aten.AdamFused} {
		for _, decay := range []float64{0, 1e-2} {
			t.Run(fmt.Sprintf("%s, weight decay %g", name, decay), func(t *testing.T) {
				if way == aten.AdamFused && device.IsCPU() {
					p := aten.Full(nil, 1, 1)
					p.SetRequiresGrad(true)
					aten.MSELoss(p, aten.Full(nil, 0, 1)).Backward()
					o := aten.NewAdam([]aten.Tensor{p}, 1, 0.9, 0.999, 0)
					o.SetAdamWay(way)
					if err := aten.Catch(o.Step); err != nil {
						t.Skip("this libtorch has no fused Adam for the CPU")
					}
				}
				want, wantState := descend(t, aten.CPU, aten.AdamLoop, decay)
				got, state := descend(t, device, way, decay)
				for i := range want {
					assert.InDeltaSlice(t, want[i], got[i], 1e-6)
				}
				require.Len(t, state, len(wantState))
				for name, values := range wantState {
					assert.InDeltaSlice(t, values, state[name], 1e-6, name)
				}
			})
		}
	}
}

func TestAdamWithoutAMatchingOptimizerIsAnError(t *testing.T) {
	p := aten.Full(nil, 1, 2)
	p.SetRequiresGrad(true)
	sgd := aten.NewSGD([]aten.Tensor{p}, 1, 0, 0, false)
	assert.ErrorContains(t, aten.Catch(func() { sgd.Advance(1) }), "another optimizer")
	sgd.SetAdamWay(aten.AdamFused)
	assert.NoError(t, aten.Catch(sgd.Step), "other optimizers keep their one way")
}

func TestChannelsLastComputesTheSame(t *testing.T) {
	device := atentest.Device(t)
	s := aten.NewScope()
	defer s.Close()
	x, weight := random(s, device, 1, 2, 8, 6, 5), random(s, device, 2, 16, 8, 3, 3)
	y := aten.PixelShuffle(aten.Conv2d(x, weight, aten.Tensor{}, aten.Convolution{Padding: 1}), 2)
	wide := aten.Conv2d(aten.ChannelsLast(x), aten.ChannelsLast(weight), aten.Tensor{}, aten.Convolution{Padding: 1})
	require.True(t, wide.IsChannelsLast())
	z := aten.PixelShuffle(wide, 2)
	assert.True(t, z.IsChannelsLast(), "pixel shuffle keeps the layout")
	assert.Equal(t, y.Shape(), z.Shape())
	assert.InDeltaSlice(t, y.Floats(), z.Floats(), 1e-5)

	plain := aten.PixelShuffle(x, 2)
	assert.True(t, aten.Identical(plain, aten.PixelShuffle(aten.ChannelsLast(x), 2)), "shuffling moves bits")
	matrix := random(s, device, 3, 4, 5)
	assert.True(t, aten.Identical(matrix, aten.ChannelsLast(matrix)))
}

func TestAutocastComputesInBFloat16AndLosesInFloat(t *testing.T) {
	device := atentest.Device(t)
	s := aten.NewScope()
	defer s.Close()
	x, weight := random(s, device, 1, 2, 4, 6, 6), random(nil, device, 2, 4, 4, 3, 3)
	weight.SetRequiresGrad(true)
	exact := aten.Conv2d(x, weight, aten.Tensor{}, aten.Convolution{})
	// Rounding to 8 bits costs up to 2^-9 of what is added up: by each factor, by the result, and, where a processor has no
	// instructions for it, by each of the partial sums.
	added := aten.Conv2d(magnitudes(s, device, x), magnitudes(s, device, weight), aten.Tensor{}, aten.Convolution{}).Floats()
	aten.Autocast(device, func() {
		y := aten.Conv2d(x, weight, aten.Tensor{}, aten.Convolution{})
		assert.Equal(t, aten.BFloat16, y.Type())
		for i, got := range y.Floats() {
			assert.InDelta(t, exact.Floats()[i], got, float64(added[i])*8/512, "%d", i)
		}
		slope := aten.Full(nil, 0.25, 1).To(device)
		assert.Equal(t, aten.BFloat16, aten.PReLU(y, slope).Type())
		loss := aten.MSELoss(y, random(s, device, 3, 2, 4, 4, 4))
		assert.Equal(t, aten.Float, loss.Type())
		labels := aten.FromLongs(s, []int64{1, 3}, 2).To(device)
		assert.Equal(t, aten.Float, aten.CrossEntropy(aten.Mean(y, 2, 3), labels).Type())
		loss.Backward()
	})
	gradient, ok := weight.Grad()
	require.True(t, ok)
	assert.Equal(t, aten.Float, gradient.Type(), "weights stay in float32")
	assert.Equal(t, aten.Float, aten.Conv2d(x, weight, aten.Tensor{}, aten.Convolution{}).Type(), "autocast ends")
}

// magnitudes are the absolute values of x, on the device.
func magnitudes(s *aten.Scope, device aten.Device, x aten.Tensor) aten.Tensor {
	values := x.Detach().Floats()
	for i, v := range values {
		values[i] = max(v, -v)
	}
	return aten.FromFloats(s, values, x.Shape()...).To(device)
}

func TestFeedUploadsToNewOrHeldTensors(t *testing.T) {
	device := atentest.Device(t)
	s := aten.NewScope()
	defer s.Close()
	feed := &aten.Feed{Device: device, ChannelsLast: true}
	image := func(v float32) []float32 { return []float32{v, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11} }
	x := feed.Floats(s, image(0), 1, 3, 2, 2)
	assert.True(t, x.IsChannelsLast())
	assert.Equal(t, image(0), x.Floats(), "values are read in the order of the shape")
	assert.Equal(t, []int64{3, 5}, feed.Longs(s, []int64{3, 5}, 2).Longs())

	var held aten.Held
	feed.Into(&held)
	first := feed.Floats(s, image(1), 1, 3, 2, 2)
	feed.Into(&held)
	feed.Floats(s, image(2), 1, 3, 2, 2)
	assert.Equal(t, image(2), first.Floats(), "the second step overwrites the first one's tensor")
	feed.Lend(&held)
	assert.Equal(t, image(2), feed.Floats(s, image(3), 1, 3, 2, 2).Floats(), "what is lent is not copied")
	assert.Error(t, aten.Catch(func() { feed.Longs(s, []int64{1}, 1) }), "no step uploads more than the first")
	feed.Into(&held)
	assert.Error(t, aten.Catch(func() { feed.Floats(s, image(3), 1, 3, 4, 1) }), "nor other shapes")
	feed.Into(nil)
	assert.Equal(t, image(4), feed.Floats(s, image(4), 1, 3, 2, 2).Floats())
	assert.Equal(t, image(2), first.Floats())
	assert.Error(t, aten.Catch(func() { feed.Floats(s, image(4), 5) }), "values must fill the shape")
}

func TestReadBackGivesWhatWasComputedBefore(t *testing.T) {
	device := atentest.Device(t)
	s := aten.NewScope()
	x := aten.Full(s, 2, 1).To(device)
	r := aten.ReadBack(x, aten.Tensor{}, aten.MulScalar(aten.Sum(x), 3))
	aten.AddInPlace(x, aten.Full(s, 40, 1).To(device))
	s.Close()
	values := r.Values()
	assert.Equal(t, 2.0, values[0])
	assert.True(t, math.IsNaN(values[1]), "no tensor, no number")
	assert.Equal(t, 6.0, values[2])
	assert.Error(t, aten.Catch(func() { r.Values() }), "values are read once")
	assert.Empty(t, aten.ReadBack().Values())
}

func TestDeviceMemoryFollowsTensors(t *testing.T) {
	device := atentest.Device(t)
	aten.Synchronize(device)
	_, before := aten.DeviceMemory(device, true)
	s := aten.NewScope()
	aten.Full(s, 1, 1<<20).To(device)
	peak, now := aten.DeviceMemory(device, false)
	s.Close()
	if device.IsCPU() {
		assert.Zero(t, peak)
		assert.Zero(t, now)
		return
	}
	assert.GreaterOrEqual(t, now-before, int64(4<<20))
	assert.GreaterOrEqual(t, peak, now)
}

func TestCaptureReplaysOrSaysWhyNot(t *testing.T) {
	device := atentest.Device(t)
	s := aten.NewScope()
	defer s.Close()
	x := aten.Full(s, 1, 4).To(device)
	var y aten.Tensor
	graph, err := aten.Capture(device, func() { y = aten.MulScalar(x, 2) })
	if missing := aten.CUDAGraphs(device); missing != nil {
		assert.EqualError(t, err, missing.Error())
		assert.Nil(t, graph)
		assert.False(t, y.Defined(), "nothing is done")
		return
	}
	require.NoError(t, err)
	defer graph.Close()
	x.CopyFrom(aten.Full(s, 5, 4))
	graph.Replay()
	assert.Equal(t, []float32{10, 10, 10, 10}, y.Floats())
}
