package methods

import "transfera/aten"

var raUnsupervised = Method{
	Name:            "ra-unsupervised",
	Doc:             "Recognition-aware without labels: the recognizer shall say of the output what it says of the target.",
	Loss:            raUnsupervisedLoss,
	NeedsRecognizer: true,
	NeedsClassifier: true,
	DefaultLambda:   10, // for 1,000 classes: the distance averages over classes, so its size goes with 1/classes
}

// raUnsupervisedLoss is d(P(x), y) and d(softmax R(P(x)), softmax R(y)), the latter a constant.
func raUnsupervisedLoss(n Networks, b Batch) (processing, recognition aten.Tensor) {
	r := n.R.(Classifier)
	var wanted aten.Tensor
	aten.NoGrad(func() { // before P runs, while no activation waits for backward
		wanted = aten.Softmax(r.Forward(b.Target), 1)
	})
	output := b.Cut(n.P.Forward(b.Input))
	predicted := aten.Softmax(r.Forward(output), 1)
	return aten.MSELoss(output, b.Target), aten.MSELoss(predicted, wanted)
}
