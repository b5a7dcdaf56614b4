package methods

import "transfera/aten"

var ra = Method{
	Name:            "ra",
	Doc:             "Recognition-aware: image quality and the recognizer's loss on the output.",
	Loss:            raLoss,
	NeedsRecognizer: true,
	NeedsTruth:      true,
	DefaultLambda:   1e-3,
}

// raLoss is d(P(x), y) and L(R(P(x))).
func raLoss(n Networks, b Batch) (processing, recognition aten.Tensor) {
	output := b.Cut(n.P.Forward(b.Input))
	return aten.MSELoss(output, b.Target), n.R.Loss(output, b)
}
