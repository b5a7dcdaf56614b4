package recognition

import "transfera/models"

// The inputs that most architectures share.
var (
	smallImages    = models.Input{Classes: 10, Resize: 32, Crop: 32, Normalization: models.ImageNet}
	imageNetImages = models.Input{Classes: 1000, Resize: 256, Crop: 224, Normalization: models.ImageNet}
)
