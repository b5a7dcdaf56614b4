// Package recognition holds the classifiers: (N,3,H,W), normalized as they were trained, to logits (N,classes).
package recognition

import (
	"slices"

	"transfera/models"
)

// Architectures lists every classifier. A new one is one file and one line here.
var Architectures = slices.Concat(
	resNets,
	denseNets,
	vggs,
	[]models.Architecture{inceptionV3, mobileNetV2, squeezeNet, convNeXtTiny},
	cifarResNets,
	[]models.Architecture{shapesResNet, shapesVGG, shapesDenseNet},
)

// Find returns the architecture called name.
func Find(name string) (models.Architecture, bool) { return models.Find(Architectures, name) }
