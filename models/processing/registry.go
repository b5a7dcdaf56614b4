// Package processing holds the image-to-image networks: the processors P and the transformers T. Each maps (N,3,H,W) in
// [0,1] to (N,3,scale*H,scale*W) in [0,1] unless its comment says otherwise.
package processing

import (
	"transfera/models"
)

// Architectures lists every image-to-image network. A new one is one file and one line here.
var Architectures = []models.Architecture{
	srresnet,
	srdensenet,
	generator,
}

// Find returns the architecture called name.
func Find(name string) (models.Architecture, bool) { return models.Find(Architectures, name) }
