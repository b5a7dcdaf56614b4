package recognition

import (
	"fmt"

	"transfera/aten"
	"transfera/models"
	"transfera/models/nn"
)

// vggs are configurations A, B, D and E of Simonyan and Zisserman 2015, each without and with BatchNorm, as in torchvision.
var vggs = []models.Architecture{
	vgg(11, false, 1, 1, 2, 2, 2), vgg(13, false, 2, 2, 2, 2, 2), vgg(16, false, 2, 2, 3, 3, 3), vgg(19, false, 2, 2, 4, 4, 4),
	vgg(11, true, 1, 1, 2, 2, 2), vgg(13, true, 2, 2, 2, 2, 2), vgg(16, true, 2, 2, 3, 3, 3), vgg(19, true, 2, 2, 4, 4, 4),
}

// vgg has five stages of so many 3x3 convolutions, each stage followed by max pooling, and three fully connected layers.
func vgg(depth int, batchNorm bool, stages ...int) models.Architecture {
	name, normalized := fmt.Sprintf("vgg%d", depth), ""
	if batchNorm {
		name, normalized = name+"_bn", " with BatchNorm"
	}
	return models.Architecture{
		Name:  name,
		Doc:   fmt.Sprintf("VGG-%d%s for ImageNet, as in torchvision.", depth, normalized),
		Input: imageNetImages,
		Build: func(b nn.Builder, classes int, _ models.Options) nn.Layer {
			b = b.Initialized(nn.Initialization{Convolution: nn.FanOut, Linear: nn.Normal(0.01), ZeroBias: true})
			features := b.In("features")
			var layers nn.Sequential
			in, number := 3, 0 // torchvision numbers convolutions, BatchNorms, ReLUs and poolings alike
			for s, convolutions := range stages {
				out := min(64<<s, 512)
				for range convolutions {
					if batchNorm {
						layers = append(layers, features.ConvBN(fmt.Sprint(number), fmt.Sprint(number+1), in, out, 3, nn.Same(3)))
						number++
					} else {
						layers = append(layers, features.Conv2d(fmt.Sprint(number), in, out, 3, nn.Same(3)))
					}
					layers = append(layers, nn.Func(aten.ReLUInPlace))
					in, number = out, number+2
				}
				layers = append(layers, maxPool(2, 2, 0))
				number++
			}
			return append(layers, vggClassifier(b.In("classifier"), in, classes))
		},
	}
}

// vggClassifier brings images of any size to 7x7 features, for which its fully connected layers are made.
func vggClassifier(b nn.Builder, in, classes int) nn.Layer {
	return nn.Sequential{
		nn.Func(func(x aten.Tensor) aten.Tensor { return aten.AdaptiveAvgPool2d(x, 7, 7) }),
		nn.Func(func(x aten.Tensor) aten.Tensor { return aten.Flatten(x, 1) }),
		b.Linear("0", in*7*7, 4096), nn.Func(aten.ReLUInPlace), b.Dropout(0.5),
		b.Linear("3", 4096, 4096), nn.Func(aten.ReLUInPlace), b.Dropout(0.5),
		b.Linear("6", 4096, classes),
	}
}
