// Package detection holds the detectors: Faster R-CNN (Ren et al. 2015) on a feature map of one scale. Its definitions are
// those of torchvision 0.14, down to the order in which random numbers are drawn.
package detection

import (
	"slices"

	"transfera/models"
)

// Architectures lists every detector. A new one is one file and one line here.
var Architectures = slices.Concat(resNets, []models.Architecture{vgg16, shapes, shapesResNet})

// Find returns the architecture called name.
func Find(name string) (models.Architecture, bool) { return models.Find(Architectures, name) }

// vocImages is the usual size of detectors on Pascal VOC: a shorter side of 600 pixels (Ren et al. 2015).
var vocImages = models.Input{Classes: 20, Resize: 600, Normalization: models.ImageNet}

// smallScenes is the size of the built-in detection set.
var smallScenes = models.Input{Classes: 10, Resize: 96, Normalization: models.ImageNet}
