package methods

import "transfera/aten"

var perceptual = Method{
	Name:            "perceptual",
	Doc:             "Perceptual loss without labels: to the recognizer's last layer, the output shall look like the target.",
	Loss:            perceptualLoss,
	NeedsRecognizer: true,
	NeedsClassifier: true,
	DefaultLambda:   1e-2,
}

// perceptualLoss is d(P(x), y) and d(F(P(x)), F(y)), where F is R without its last layer and F(y) a constant (Johnson et al.,
// arXiv 1603.08155, with the features of R).
func perceptualLoss(n Networks, b Batch) (processing, recognition aten.Tensor) {
	r := n.R.(Classifier)
	var wanted aten.Tensor
	aten.NoGrad(func() { // before P runs, while no activation waits for backward
		wanted = r.Features(b.Target)
	})
	output := b.Cut(n.P.Forward(b.Input))
	return aten.MSELoss(output, b.Target), aten.MSELoss(r.Features(output), wanted)
}
