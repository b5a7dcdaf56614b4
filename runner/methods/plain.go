package methods

import "transfera/aten"

// none judges the degraded images as they are; for super-resolution, enlarged by bicubic interpolation.
var none = Method{
	Name: "none",
	Doc:  "No processing: the degraded images themselves.",
}

var plain = Method{
	Name: "plain",
	Doc:  "Image quality alone.",
	Loss: plainLoss,
}

// plainLoss is d(P(x), y).
func plainLoss(n Networks, b Batch) (processing, recognition aten.Tensor) {
	return aten.MSELoss(b.Cut(n.P.Forward(b.Input)), b.Target), aten.Tensor{}
}
