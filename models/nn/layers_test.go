package nn_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat"

	"transfera/aten"
	"transfera/models/nn"
	"transfera/models/nn/nntest"
)

// The golden has the largest value and the standard deviation of PyTorch's own draws for layers of these sizes.
func TestInitialValuesSpreadAsInPyTorch(t *testing.T) {
	var golden map[string]map[string]struct{ Largest, Deviation float64 }
	nntest.ReadJSON(t, &golden, "networks", "initial.json")
	layers := map[string]func(b nn.Builder) nn.Layer{
		"conv": func(b nn.Builder) nn.Layer { return b.Conv2d("layer", 16, 2000, 3, nn.ConvOptions{}) },
		"grouped conv": func(b nn.Builder) nn.Layer {
			return b.Conv2d("layer", 16, 2000, 3, nn.ConvOptions{Convolution: aten.Convolution{Groups: 4}})
		},
		"transposed conv": func(b nn.Builder) nn.Layer { return b.ConvTranspose2d("layer", 16, 2000, 4, nn.ConvOptions{}) },
		"linear":          func(b nn.Builder) nn.Layer { return b.Linear("layer", 50, 2000) },
		"batch norm":      func(b nn.Builder) nn.Layer { return b.BatchNorm2d("layer", 4) },
		"prelu":           func(b nn.Builder) nn.Layer { return b.PReLU("layer") },
	}
	require.Len(t, layers, len(golden))
	for name, build := range layers {
		t.Run(name, func(t *testing.T) {
			parameters := 0
			for _, e := range nn.New(1, build).Entries() {
				if e.Buffer {
					continue
				}
				parameters++
				want, ok := golden[name][strings.TrimPrefix(e.Name, "layer.")]
				require.True(t, ok, e.Name)
				values := e.Value.Doubles()
				largest := 0.0
				for _, v := range values {
					largest = max(largest, math.Abs(v))
				}
				if want.Deviation == 0 {
					assert.Equal(t, want.Largest, largest, e.Name)
					continue
				}
				assert.InEpsilon(t, want.Largest, largest, 0.005, e.Name)
				assert.InEpsilon(t, want.Deviation, stat.StdDev(values, nil), 0.05, e.Name)
				assert.InDelta(t, 0, stat.Mean(values, nil)/want.Deviation, 0.1, e.Name)
			}
			assert.Len(t, golden[name], parameters)
		})
	}
}

// spy remembers its inputs and tells how many of them are alive each time it runs.
type spy struct {
	seen  []aten.Tensor
	alive []int
}

func (s *spy) Forward(x aten.Tensor) aten.Tensor {
	s.seen = append(s.seen, x)
	s.alive = append(s.alive, s.count())
	return aten.AddScalar(x, 1)
}

func (s *spy) count() int {
	alive := 0
	for _, x := range s.seen {
		if x.Defined() {
			alive++
		}
	}
	return alive
}

func TestSequentialFreesWhatLiesBetweenItsLayers(t *testing.T) {
	s := aten.NewScope()
	defer s.Close()
	watch := &spy{}
	inner := nn.Sequential{watch, watch}
	x := aten.Full(s, 1, 2)
	y := nn.Sequential{watch, inner, nn.Func(aten.ReLUInPlace), watch, watch}.Forward(x)

	assert.Equal(t, []float32{6, 6}, y.Floats())
	assert.Equal(t, []float32{1, 1}, x.Floats(), "the caller's tensor is the caller's")
	assert.Equal(t, []int{1, 2, 3, 2, 2}, watch.alive, "x, the present layer's input, and an inner sequence's input")
	assert.Equal(t, 1, watch.count(), "x alone")
}

func TestSequentialLeavesItsInputWhenLayersReturnWhatTheyWereGiven(t *testing.T) {
	same := nn.Func(func(x aten.Tensor) aten.Tensor { return x })
	for name, layers := range map[string]nn.Sequential{
		"first": {same, nn.Func(aten.Tanh), nn.Func(aten.Tanh)},
		"all":   {same, same},
		"none":  {},
	} {
		s := aten.NewScope()
		x := aten.Full(s, 0, 1)
		y := layers.Forward(x)
		assert.True(t, x.Defined(), name)
		assert.Equal(t, []float32{0}, y.Floats(), name)
		s.Close()
	}
}

// A network's residual blocks free their intermediates, so that inference holds a few activations whatever the depth.
func TestInferenceKeepsNothingButTheResult(t *testing.T) {
	watch := &spy{}
	network := nn.New(1, func(b nn.Builder) nn.Layer {
		block := b.ConvBN("conv", "norm", 3, 3, 3, nn.Same(3))
		return nn.Func(func(x aten.Tensor) aten.Tensor {
			return aten.Within(x, func(x aten.Tensor) aten.Tensor {
				y := watch.Forward(block.Forward(x))
				return aten.Add(x, watch.Forward(y))
			})
		})
	})
	s := aten.NewScope()
	defer s.Close()
	aten.NoGrad(func() {
		x := aten.Full(s, 1, 1, 3, 4, 4)
		for range 5 {
			next := network.Forward(x)
			x.Free()
			x = next
			assert.Zero(t, watch.count())
		}
		assert.True(t, x.Defined())
	})
	assert.Len(t, watch.seen, 10)
}

func TestBackwardDoesNotNeedTheFreedHandles(t *testing.T) {
	s := aten.NewScope()
	defer s.Close()
	x := aten.Full(s, 0.5, 1)
	x.SetRequiresGrad(true)
	y := nn.Sequential{nn.Func(aten.Tanh), nn.Func(aten.Tanh), nn.Func(aten.Tanh)}.Forward(x)
	y.Backward()
	gradient, ok := x.Grad()
	require.True(t, ok)
	a := math.Tanh(0.5)
	b := math.Tanh(a)
	c := math.Tanh(b)
	assert.InDelta(t, (1-a*a)*(1-b*b)*(1-c*c), gradient.Item(), 1e-6)
}
