package nn_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"transfera/aten"
	"transfera/models/nn"
	"transfera/models/nn/nntest"
	"transfera/models/weights"
)

func TestOperatorsEqualPyTorch(t *testing.T) {
	golden := nntest.Load(t, "networks", "zoo", "operators.pth")
	norm := nn.New(1, func(b nn.Builder) nn.Layer { return b.WithEpsilon(1e-6).LayerNorm("layer_norm", 5) })
	var affine weights.Dict
	for _, name := range []string{"layer_norm.weight", "layer_norm.bias"} {
		tensor, ok := golden.Tensors.Get(name)
		require.True(t, ok, name)
		affine = append(affine, tensor)
	}
	require.NoError(t, norm.Load("operators.pth", affine))
	cases := map[string]nn.Layer{
		"layer_norm": norm,
		"gelu":       nn.Func(aten.GELU),
		"relu6": nn.Func(func(x aten.Tensor) aten.Tensor {
			return aten.ReLU6InPlace(aten.MulScalar(x, 1)) // a leaf must not be overwritten
		}),
	}
	for name, layer := range cases {
		t.Run(name, func(t *testing.T) {
			x := golden.Tensor(t, "input")
			x.SetRequiresGrad(true)
			y := layer.Forward(x)
			golden.AssertClose(t, name+".output", y)
			aten.Mean(aten.Pow(y, 2)).Backward()
			gradient, ok := x.Grad()
			require.True(t, ok)
			golden.AssertClose(t, name+".gradient", gradient)
		})
	}
}
