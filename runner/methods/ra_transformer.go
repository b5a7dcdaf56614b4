package methods

import "transfera/aten"

var raTransformer = Method{
	Name:             "ra-transformer",
	Doc:              "Image quality for the processor, the recognizer's loss for a transformer between the two.",
	Loss:             raTransformerLoss,
	NeedsRecognizer:  true,
	NeedsTruth:       true,
	NeedsTransformer: true,
	DefaultLambda:    1e-2,
}

// raTransformerLoss is d(P(x), y) for P and L(R(T(P(x)))) for T: no gradient passes from T to P.
func raTransformerLoss(n Networks, b Batch) (processing, recognition aten.Tensor) {
	output := n.P.Forward(b.Input)
	transformed := n.T.Forward(output.Detach())
	return aten.MSELoss(b.Cut(output), b.Target), n.R.Loss(b.Cut(transformed), b)
}
