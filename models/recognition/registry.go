// Package recognition holds the classifiers: (N,3,H,W), normalized as they were trained, to logits (N,classes).
package recognition

import (
	"fmt"
	"slices"
	"strings"

	"transfera/models"
)

// Architectures lists every classifier. A new one is one file and one line here.
var Architectures = slices.Concat(
	resNets,
	denseNets,
	vggs,
	[]models.Architecture{inceptionV3, mobileNetV2, convNeXtTiny},
	cifarResNets,
	[]models.Architecture{shapesResNet, shapesVGG, shapesDenseNet},
)

// Named returns the architecture called name; the error lists those that there are.
func Named(name string) (models.Architecture, error) {
	if a, ok := Find(name); ok {
		return a, nil
	}
	var known []string
	for _, a := range Architectures {
		known = append(known, a.Name)
	}
	return models.Architecture{}, fmt.Errorf("unknown architecture %q; known are %s", name, strings.Join(known, ", "))
}

// Find returns the architecture called name.
func Find(name string) (models.Architecture, bool) { return models.Find(Architectures, name) }
