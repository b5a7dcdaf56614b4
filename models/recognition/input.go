package recognition

import "transfera/models"

// Normalization is that of models.Input.
type Normalization = models.Normalization

// ImageNet is the normalization of networks trained on ImageNet, torchvision's included.
var ImageNet = models.ImageNet

// The inputs that most architectures share.
var (
	smallImages    = models.Input{Resize: 32, Crop: 32, Normalization: ImageNet}
	imageNetImages = models.Input{Resize: 256, Crop: 224, Normalization: ImageNet}
)
