// Package recognizers lists what can stand as R: the classifiers of package recognition and the detectors of package
// detection.
package recognizers

import (
	"fmt"
	"slices"
	"strings"

	"transfera/models"
	"transfera/models/detection"
	"transfera/models/recognition"
)

// Architectures lists every recognizer, classifiers first.
var Architectures = slices.Concat(recognition.Architectures, detection.Architectures)

// Named returns the architecture called name; the error lists those that there are.
func Named(name string) (models.Architecture, error) {
	if a, ok := models.Find(Architectures, name); ok {
		return a, nil
	}
	var known []string
	for _, a := range Architectures {
		known = append(known, a.Name)
	}
	return models.Architecture{}, fmt.Errorf("unknown architecture %q; known are %s", name, strings.Join(known, ", "))
}
