package methods

import (
	"fmt"
	"slices"

	"transfera/aten"
	"transfera/models/detection"
	"transfera/models/nn"
)

// Recognizer is an R that sees pixels in [0,1]: its own normalization is part of it. There are two, [Classifier] and
// [Detector].
type Recognizer interface {
	// Loss is what R is trained to minimize, of images (N,3,H,W) that show what b says; one element.
	Loss(images aten.Tensor, b Batch) aten.Tensor
}

// Classifier is a network behind its normalization: (N,3,H,W) to logits (N,classes).
type Classifier struct{ nn.Sequential }

// NewClassifier puts a network behind its normalization.
func NewClassifier(normalization nn.Layer, network nn.Layer) Classifier {
	return Classifier{nn.Sequential{normalization, network}}
}

// Loss is the cross-entropy CE(R(images), c), a mean over the images.
func (c Classifier) Loss(images aten.Tensor, b Batch) aten.Tensor {
	return aten.CrossEntropy(c.Forward(images), b.Labels)
}

// Features is what the last layer sees of images (N,3,H,W): (N,features), or (N,features,h,w) where that is a convolution.
func (c Classifier) Features(images aten.Tensor) aten.Tensor {
	return append(slices.Clone(c.Sequential[:len(c.Sequential)-1]), withoutHead(c.Sequential[len(c.Sequential)-1])).Forward(images)
}

// withoutHead is a network without the last of its layers, which may be within the last of its parts.
func withoutHead(layer nn.Layer) nn.Layer {
	if network, ok := layer.(*nn.Network); ok {
		layer = network.Layer
	}
	layers, ok := layer.(nn.Sequential)
	if !ok || len(layers) == 0 { // layer itself is the head
		return nn.Sequential{}
	}
	last := len(layers) - 1
	return append(slices.Clone(layers[:last]), withoutHead(layers[last]))
}

// Detector is a Faster R-CNN behind its normalization.
type Detector struct {
	normalization nn.Layer
	detector      *detection.Detector
	seed          uint64
}

// NewDetector puts a detector behind its normalization. seed is that of the anchors and proposals which its loss counts.
func NewDetector(normalization nn.Layer, d *detection.Detector, seed uint64) Detector {
	return Detector{normalization, d, seed}
}

// Loss is the sum of the detector's four losses, a mean over the images. What is not an object's box by b's account is
// background.
func (d Detector) Loss(images aten.Tensor, b Batch) aten.Tensor {
	normalized := d.normalization.Forward(images)
	generator := detection.SamplingGenerator(d.seed, b.Step)
	var sum aten.Tensor
	for i, target := range b.Objects {
		losses, err := d.detector.Losses(aten.Narrow(normalized, 0, i, 1), target, generator)
		if err != nil { // readers of datasets let no such target through
			panic(fmt.Sprintf("methods: %v", err))
		}
		if i == 0 {
			sum = losses.Sum()
		} else {
			sum = aten.Add(sum, losses.Sum())
		}
	}
	return aten.MulScalar(sum, 1/float64(len(b.Objects)))
}

// Detect finds the objects of each of the images (N,3,H,W).
func (d Detector) Detect(images aten.Tensor) ([]detection.Detections, error) {
	normalized := d.normalization.Forward(images)
	found := make([]detection.Detections, images.Shape()[0])
	for i := range found {
		var err error
		if found[i], err = d.detector.Detect(aten.Narrow(normalized, 0, i, 1)); err != nil {
			return nil, fmt.Errorf("image %d in the batch: %w", i, err)
		}
	}
	return found, nil
}
