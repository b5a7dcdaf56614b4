package detection

import (
	"fmt"
	"strings"

	"transfera/aten"
	"transfera/models"
	"transfera/models/nn"
)

// vgg16 is the Faster R-CNN of Ren et al. 2015: the convolutions of VGG-16 without the last pooling, and its first two fully
// connected layers on the features of each region.
var vgg16 = models.Architecture{
	Name:    "faster-rcnn-vgg16",
	Doc:     "Faster R-CNN on VGG-16 features; the first two stages are fixed.",
	Input:   vocImages,
	Detects: true,
	Options: append(options(128, 12000, 2000, 300, 128, 7),
		models.Option{Name: "dropout", Default: 0.0, Min: 0, Max: 0.99, Doc: "Dropout after each fully connected layer, in training."}),
	Build: func(b nn.Builder, classes int, o models.Options) nn.Layer {
		b = b.Initialized(nn.Initialization{Convolution: nn.FanOut, Linear: nn.Normal(0.01), ZeroBias: true})
		var backbone nn.Sequential
		in, number := 3, 0 // torchvision numbers convolutions, ReLUs and poolings alike
		for s, convolutions := range []int{2, 2, 3, 3, 3} {
			stage, out := b.In("backbone"), min(64<<s, 512)
			if s < 2 {
				stage = stage.Fixed()
			}
			if s > 0 {
				backbone = append(backbone, nn.Func(halve))
				number++
			}
			for range convolutions {
				backbone = append(backbone, stage.Conv2d(fmt.Sprint(number), in, out, 3, nn.Same(3)), nn.Func(aten.ReLUInPlace))
				in, number = out, number+2
			}
		}
		size := o.Int("roi_size")
		return newNetwork(b, trunk{
			backbone: backbone, channels: in, stride: 16,
			head: connected(b, in*size*size, 4096, o.Float("dropout")), width: 4096,
			fromClassifier: fromVGG,
		}, classes, o)
	},
}

func halve(x aten.Tensor) aten.Tensor { return aten.MaxPool2d(x, 2, 2, 0) }

// connected is the head of two fully connected layers, fc6 and fc7.
func connected(b nn.Builder, in, width int, dropout float64) nn.Layer {
	head := b.In("roi_heads").In("box_head")
	return nn.Sequential{
		nn.Func(func(x aten.Tensor) aten.Tensor { return aten.Flatten(x, 1) }),
		head.Linear("fc6", in, width), nn.Func(aten.ReLUInPlace), b.Dropout(dropout),
		head.Linear("fc7", width, width), nn.Func(aten.ReLUInPlace), b.Dropout(dropout),
	}
}

func fromVGG(name string) string {
	if strings.HasPrefix(name, "classifier.6.") {
		return ""
	}
	return strings.NewReplacer("features.", "backbone.", "classifier.0.", "roi_heads.box_head.fc6.",
		"classifier.3.", "roi_heads.box_head.fc7.").Replace(name)
}
