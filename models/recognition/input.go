package recognition

import "transfera/models"

// The inputs that most architectures share.
var (
	smallImages    = models.Input{Resize: 32, Crop: 32, Normalization: models.ImageNet}
	imageNetImages = models.Input{Resize: 256, Crop: 224, Normalization: models.ImageNet}
)
