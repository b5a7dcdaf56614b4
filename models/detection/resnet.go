package detection

import (
	"fmt"
	"strings"

	"transfera/aten"
	"transfera/models"
	"transfera/models/nn"
	"transfera/models/recognition"
)

// resNets are Faster R-CNN on the fourth of five stages of a ResNet ("C4", He et al. 2016, appendix A): the last stage works
// on the features of each region.
var resNets = []models.Architecture{
	resNet(18, recognition.ResNet18), resNet(50, recognition.ResNet50), resNet(101, recognition.ResNet101),
}

func resNet(depth int, r recognition.ResNet) models.Architecture {
	return models.Architecture{
		Name:    fmt.Sprintf("faster-rcnn-resnet%d", depth),
		Doc:     fmt.Sprintf("Faster R-CNN on ResNet-%d C4 features; stem, first stage and BatchNorms are fixed.", depth),
		Input:   vocImages,
		Detects: true,
		Options: options(128, 12000, 2000, 300, 128, 14),
		Build: func(b nn.Builder, classes int, o models.Options) nn.Layer {
			b = b.Initialized(nn.Initialization{Convolution: nn.FanOut}).WithFixedNorm()
			backbone := b.In("backbone")
			layers := append(r.Stem(backbone.Fixed()), r.Stage(backbone.Fixed(), 1)...)
			layers = append(append(layers, r.Stage(backbone, 2)...), r.Stage(backbone, 3)...)
			return newNetwork(b, trunk{
				backbone: layers, channels: r.Channels(3), stride: 16,
				head: append(r.Stage(b.In("roi_heads").In("box_head"), 4), nn.Func(averageAll)), width: r.Channels(4),
				fromClassifier: fromResNet,
			}, classes, o)
		},
	}
}

// averageAll maps (N,C,H,W) to (N,C).
func averageAll(x aten.Tensor) aten.Tensor { return aten.Mean(x, 2, 3) }

func fromResNet(name string) string {
	switch {
	case strings.HasPrefix(name, "fc."), strings.HasSuffix(name, ".num_batches_tracked"):
		return ""
	case strings.HasPrefix(name, "layer4."):
		return "roi_heads.box_head." + name
	}
	return "backbone." + name
}
