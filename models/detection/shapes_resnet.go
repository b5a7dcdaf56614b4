package detection

import (
	"strings"

	"transfera/models"
	"transfera/models/nn"
	"transfera/models/recognition"
)

// shapesResNet is to the small ResNet what the detectors above are to those for ImageNet, with a head of its own: at this size
// the classifier's last stage is still part of the features.
var shapesResNet = models.Architecture{
	Name:    "faster-rcnn-shapes-resnet",
	Doc:     "Small Faster R-CNN on the features of shapes-resnet, for images of 64 to 128 pixels; stem, first stage and BatchNorms are fixed.",
	Input:   smallScenes,
	Detects: true,
	Options: append(append(options(16, 400, 100, 50, 64, 5), recognition.ShapesOptions...), hidden),
	Build: func(b nn.Builder, classes int, o models.Options) nn.Layer {
		size, width := o.Int("roi_size"), o.Int("hidden")
		backbone := b.In("backbone").WithFixedNorm()
		layers, channels := recognition.ShapesStages(backbone.Fixed(), backbone, o)
		return newNetwork(b, trunk{
			backbone: layers, channels: channels, stride: 4,
			head: connected(b, channels*size*size, width, 0), width: width,
			fromClassifier: fromShapesResNet, ownHead: true,
		}, classes, o)
	},
}

func fromShapesResNet(name string) string {
	if strings.HasPrefix(name, "fc.") || strings.HasSuffix(name, ".num_batches_tracked") {
		return ""
	}
	return "backbone." + name
}
