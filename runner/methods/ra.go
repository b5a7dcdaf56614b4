package methods

import "transfera/aten"

var ra = Method{
	Name:            "ra",
	Doc:             "Recognition-aware: image quality and the recognizer's loss on the output.",
	Loss:            raLoss,
	NeedsRecognizer: true,
	DefaultLambda:   1e-3,
}

// raLoss is d(P(x), y) and CE(R(P(x)), c).
func raLoss(n Networks, b Batch) (processing, recognition aten.Tensor) {
	output := n.P.Forward(b.Input)
	return aten.MSELoss(output, b.Target), aten.CrossEntropy(n.R.Forward(output), b.Labels)
}
