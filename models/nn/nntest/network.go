package nntest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"transfera/aten"
	"transfera/aten/atentest"
	"transfera/models/nn"
)

// AssertNetwork compares a network that has the golden's initial state with its golden: the output in evaluation mode and
// its gradient with respect to the input, the output in training mode and what that does to the running statistics, and the
// frozen network's output and gradient, all on the device of atentest, where the network stays. It is frozen afterwards.
func AssertNetwork(t testing.TB, golden Golden, network *nn.Network) {
	t.Helper()
	device := atentest.Device(t)
	network.To(device)
	initial := network.Dict()
	evaluated := func() { // output and input gradient in the present mode, against the golden's eval
		s := aten.NewScope()
		defer s.Close()
		input := golden.Tensor(t, "input").To(device)
		input.SetRequiresGrad(true)
		output := network.Forward(input)
		golden.AssertClose(t, "eval", output)
		aten.Mean(aten.Pow(output, 2)).Backward()
		gradient, ok := input.Grad()
		require.True(t, ok, "the input has no gradient")
		golden.AssertClose(t, "input_gradient", gradient)
	}
	evaluated()

	network.Train()
	aten.NoGrad(func() { golden.AssertClose(t, "train", network.Forward(golden.Tensor(t, "input").To(device))) })
	AssertDictClose(t, golden.Under("buffers"), network.Dict()) // none without BatchNorm

	network.Eval()
	require.NoError(t, network.Load("initial", initial))
	network.Freeze()
	evaluated()
}
