// Package methods holds the ways to train a processor: one file and one short loss for each.
//
// With x the degraded input (N,3,h,w), y the target image (N,3,H,W), both in [0,1], d the mean squared error over all
// elements and L the loss that the recognizer was trained with, every method minimizes processing + lambda * recognition,
// where processing is d(P(x), y).
package methods

import (
	"slices"

	"transfera/aten"
	"transfera/models/detection"
	"transfera/models/nn"
)

// Networks are the networks of one training step. R is frozen; R and T are nil for methods that need none.
type Networks struct {
	P, T nn.Layer
	R    Recognizer
}

// Batch is what one step sees: Input (N,3,h,w) and Target (N,3,H,W) in [0,1], and what the images show. Methods without it in
// their loss do not look at it.
type Batch struct {
	Input, Target aten.Tensor
	Labels        aten.Tensor        // (N) int64, classes
	Objects       []detection.Target // of each image, where there are boxes; else nil
	Step          int                // counted from 0; whatever R draws follows from it
	// Below and Right are how many rows and columns of padding Input has, in pixels of Target, which has none.
	Below, Right int
}

// Cut returns images (N,3,H+Below,W+Right) without the padding.
func (b Batch) Cut(images aten.Tensor) aten.Tensor {
	shape := images.Shape()
	if b.Below > 0 {
		images = aten.Narrow(images, 2, 0, shape[2]-b.Below)
	}
	if b.Right > 0 {
		images = aten.Narrow(images, 3, 0, shape[3]-b.Right)
	}
	return images
}

// Loss returns the two terms of the objective, each of one element. recognition is the zero Tensor where there is no such
// term.
type Loss func(n Networks, b Batch) (processing, recognition aten.Tensor)

// Method is one way to train a processor, by the name that specs use.
type Method struct {
	Name string
	Doc  string
	// Loss is nil where nothing is trained.
	Loss             Loss
	NeedsRecognizer  bool
	NeedsClassifier  bool // that recognizer must be a Classifier
	NeedsTruth       bool // the recognition loss looks at what the images show
	NeedsTransformer bool // the recognizer judges T(P(x)) instead of P(x), in evaluation too
	DefaultLambda    float64
}

// Methods lists every method, from no training to the most elaborate.
var Methods = []Method{none, plain, ra, raUnsupervised, perceptual, raTransformer}

// Find returns the method called name.
func Find(name string) (Method, bool) {
	i := slices.IndexFunc(Methods, func(m Method) bool { return m.Name == name })
	if i < 0 {
		return Method{}, false
	}
	return Methods[i], true
}

// Objective returns processing + lambda * recognition, what P and T are trained to minimize.
func Objective(processing, recognition aten.Tensor, lambda float64) aten.Tensor {
	if !recognition.Defined() {
		return processing
	}
	return aten.Add(processing, aten.MulScalar(recognition, lambda))
}
