package nn_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
	"transfera/models/nn"
	"transfera/models/nn/nntest"
	"transfera/models/weights"
)

// tiny is a network with parameters and running statistics.
func tiny(seed uint64) *nn.Network {
	return nn.New(seed, func(b nn.Builder) nn.Layer {
		return nn.Sequential{
			b.ConvBN("conv", "norm", 3, 4, 3, nn.Same(3)), nn.Func(aten.ReLUInPlace),
			b.In("end").Conv2d("0", 4, 2, 1, nn.ConvOptions{}),
		}
	})
}

func TestStateIsNamedAsInPyTorch(t *testing.T) {
	var names []string
	for _, e := range tiny(1).Entries() {
		names = append(names, e.Name)
		assert.Equal(t, !e.Buffer, e.Value.RequiresGrad(), e.Name)
	}
	assert.Equal(t, []string{"conv.weight", "conv.bias", "norm.weight", "norm.bias", "norm.running_mean",
		"norm.running_var", "norm.num_batches_tracked", "end.0.weight", "end.0.bias"}, names)
	assert.Len(t, tiny(1).Parameters(), 6)
	assert.Equal(t, 4*3*9+4+4+4+2*4+2, tiny(1).Size())
}

func TestSameSeedSameState(t *testing.T) {
	assert.Equal(t, tiny(1).Dict().Checksum(), tiny(1).Dict().Checksum())
	assert.NotEqual(t, tiny(1).Dict().Checksum(), tiny(2).Dict().Checksum())
}

func TestLoadTakesWhatDictGave(t *testing.T) {
	source := tiny(1)
	source.Train()
	source.Forward(aten.NewGenerator(3).Normal(nil, 2, 3, 5, 5))
	dict := source.Dict()
	parallel := make(weights.Dict, len(dict)) // as torch.nn.DataParallel saves it
	for i, tensor := range dict {
		parallel[i] = tensor
		parallel[i].Name = "module." + tensor.Name
	}
	for name, given := range map[string]weights.Dict{"plain": dict, "module.": parallel} {
		loaded := tiny(2)
		require.NoError(t, loaded.Load("file", given), name)
		assert.Equal(t, dict.Checksum(), loaded.Dict().Checksum(), name)
	}
}

func TestLoadRefusesWhatDoesNotFit(t *testing.T) {
	edit := func(change func(d weights.Dict) weights.Dict) weights.Dict { return change(tiny(1).Dict()) }
	cases := map[string]struct {
		dict weights.Dict
		says string
	}{
		"missing": {
			edit(func(d weights.Dict) weights.Dict { return d[1:] }),
			"model.pth: tensor conv.weight missing; expected 4x3x3x3",
		},
		"unexpected": {
			edit(func(d weights.Dict) weights.Dict {
				return append(d, weights.FromFloats("end.1.weight", []int64{1}, []float32{1}))
			}),
			"model.pth: tensor end.1.weight (1) is not part of the network",
		},
		"of another shape": {
			edit(func(d weights.Dict) weights.Dict {
				d[8] = weights.FromFloats("end.0.bias", []int64{3}, []float32{1, 2, 3})
				return d
			}),
			"model.pth: tensor end.0.bias is 3; expected 2",
		},
		"unreadable at the end": {
			edit(func(d weights.Dict) weights.Dict {
				d[8] = weights.Tensor{Name: "end.0.bias", DType: weights.F16, Shape: []int64{2}, Data: []byte{0}}
				return d
			}),
			"model.pth: tensor end.0.bias has 1 bytes",
		},
		"no numbers": {
			edit(func(d weights.Dict) weights.Dict {
				d[5] = weights.FromFloats("norm.running_var", []int64{4}, []float32{1, float32(math.Inf(1)), 1, 1})
				return d
			}),
			"model.pth: tensor norm.running_var holds NaN or infinities, 1 of 4 values",
		},
		"half with a prefix": {
			edit(func(d weights.Dict) weights.Dict {
				d[0].Name = "module." + d[0].Name
				return d
			}),
			"2 tensors do not fit the network (1 missing, 0 of another shape, 1 unexpected)",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			network := tiny(2)
			before := network.Dict().Checksum()
			assert.ErrorContains(t, network.Load("model.pth", c.dict), c.says)
			assert.Equal(t, before, network.Dict().Checksum(), "nothing has changed")
		})
	}
}

func TestLoadRenamesWhatOldFilesHold(t *testing.T) {
	dict := tiny(1).Dict()
	old := slices.Clone(dict)
	old[0].Name = "module.convolution.weight"
	for i := range old[1:] {
		old[i+1].Name = "module." + old[i+1].Name
	}
	network := tiny(2)
	network.Rename = func(stored string) string { return strings.Replace(stored, "convolution.", "conv.", 1) }
	require.NoError(t, network.Load("old.pth", old))
	assert.Equal(t, dict.Checksum(), network.Dict().Checksum())

	twice := append(slices.Clone(dict), dict[0])
	twice[len(twice)-1].Name = "convolution.weight"
	assert.ErrorContains(t, network.Load("old.pth", twice),
		"old.pth: tensors conv.weight and convolution.weight are both conv.weight")
}

func TestLoadKeepsTheCounterThatOldFilesLack(t *testing.T) {
	network := tiny(1)
	dict := network.Dict()
	require.Equal(t, "norm.num_batches_tracked", dict[6].Name)
	require.NoError(t, network.Load("old.pth", append(dict[:6:6], dict[7:]...)))
	counter, ok := network.Dict().Get("norm.num_batches_tracked")
	require.True(t, ok)
	assert.Equal(t, make([]byte, 8), counter.Data)
}

func TestTrainingTracksStatisticsAndEvaluationDoesNot(t *testing.T) {
	network, x := tiny(1), aten.NewGenerator(1).Normal(nil, 2, 3, 5, 5)
	before := network.Dict().Checksum()
	network.Forward(x)
	assert.Equal(t, before, network.Dict().Checksum(), "a new network is in evaluation mode")
	network.Train()
	network.Forward(x)
	counter, _ := network.Dict().Get("norm.num_batches_tracked")
	assert.Equal(t, byte(1), counter.Data[0])
	after := network.Dict().Checksum()
	assert.NotEqual(t, before, after)
	network.Eval()
	network.Forward(x)
	assert.Equal(t, after, network.Dict().Checksum())
}

func TestFreezeFoldsExactlyAndKeepsInputGradients(t *testing.T) {
	network := tiny(1)
	network.Train()
	for range 20 { // away from the initial statistics
		network.Forward(aten.NewGenerator(2).Normal(nil, 4, 3, 6, 6))
	}
	network.Eval()
	answer := func() (output, gradient weights.Tensor) {
		x := aten.NewGenerator(5).Normal(nil, 2, 3, 6, 6)
		x.SetRequiresGrad(true)
		y := network.Forward(x)
		aten.Sum(aten.Pow(y, 2)).Backward()
		g, ok := x.Grad()
		require.True(t, ok)
		return nn.ToWeights("output", y), nn.ToWeights("gradient", g)
	}
	output, gradient := answer()
	state := network.Dict().Checksum()
	for _, p := range network.Parameters() {
		p.ClearGrad()
	}

	network.Freeze()
	network.Freeze()
	foldedOutput, foldedGradient := answer()
	assert.LessOrEqual(t, nntest.RelativeError(output, foldedOutput), nntest.Tolerance)
	assert.LessOrEqual(t, nntest.RelativeError(gradient, foldedGradient), nntest.Tolerance)
	assert.Equal(t, state, network.Dict().Checksum())
	for _, p := range network.Parameters() {
		assert.False(t, p.RequiresGrad())
		_, ok := p.Grad()
		assert.False(t, ok)
	}
	for what, use := range map[string]func(){
		"trained": network.Train,
		"loaded":  func() { _ = network.Load("file", network.Dict()) },
		"moved":   func() { network.To(aten.CPU) },
	} {
		assert.PanicsWithValue(t, "nn: a frozen network cannot be "+what, use)
	}
}

func TestToKeepsValuesAndGradients(t *testing.T) {
	network := tiny(1)
	before := network.Dict().Checksum()
	network.To(aten.CPU)
	assert.Equal(t, before, network.Dict().Checksum())
	aten.Sum(network.Forward(aten.Full(nil, 1, 1, 3, 4, 4))).Backward()
	for _, e := range network.Entries() {
		if !e.Buffer {
			_, ok := e.Value.Grad()
			assert.True(t, ok, e.Name)
		}
	}
}

func TestEveryElementTypeOfAStateGoesInAndOut(t *testing.T) {
	stored := map[string]weights.Tensor{
		"float32": weights.FromFloats("t", []int64{2, 1}, []float32{1.5, -2}),
		"int64":   weights.FromLongs("t", []int64{1}, []int64{-7}),
		"uint8":   {Name: "t", DType: weights.U8, Shape: []int64{3}, Data: []byte{0, 128, 255}},
	}
	for name, want := range stored {
		tensor, err := nn.FromWeights(want)
		require.NoError(t, err)
		assert.Equal(t, want, nn.ToWeights("t", tensor), name)
	}
	half := weights.Tensor{Name: "t", DType: weights.F16, Shape: []int64{2}, Data: []byte{0, 0x3c, 0, 0xc0}}
	tensor, err := nn.FromWeights(half)
	require.NoError(t, err)
	assert.Equal(t, []float32{1, -2}, tensor.Floats())
	boolean := weights.Tensor{Name: "t", DType: weights.BOOL, Shape: []int64{2}, Data: []byte{0, 1}}
	tensor, err = nn.FromWeights(boolean)
	require.NoError(t, err)
	assert.Equal(t, []int64{0, 1}, tensor.Longs())
	double := nn.ToWeights("t", tensor.Cast(aten.Double))
	assert.Equal(t, weights.F64, double.DType)
	assert.Panics(t, func() { nn.ToWeights("t", tensor.Cast(aten.Half)) })
}
