"""Write what torchvision computes with whole detectors of random weights: FOLDER/NAME.pth.

    /usr/bin/python3 scripts/torchvision_detectors.py FOLDER OPTIONS

OPTIONS is JSON of {NAME: our options}, with NAME faster-rcnn-resnetN or faster-rcnn-vgg16. The
files are like testdata/detection/shapes.pth, of goldens/detection_network.py, in which also the
seed is.
"""

import json
import pathlib
import sys
import warnings
from collections import OrderedDict

import torch
import torchvision
from torch import nn
from torchvision.models import vgg
from torchvision.models.detection.faster_rcnn import TwoMLPHead
from torchvision.ops.misc import FrozenBatchNorm2d

# Last: the goldens' folder also has a statistics.py.
sys.path.append(str(pathlib.Path(__file__).parent / "goldens"))
from detection_network import CLASSES, SEED, detector, record  # noqa: E402

warnings.filterwarnings("ignore")
HEIGHT, WIDTH = 152, 216  # no multiples of the padding, 32


@torch.no_grad()
def draw(module):
    """Fill all parameters: weights that keep the variance before a ReLU, scales of BatchNorm around 1, small biases."""
    for name, p in module.named_parameters():
        if p.dim() > 1:
            p.normal_(0, (2 / p[0].numel()) ** 0.5)
        else:
            p.normal_(float(name.endswith("weight")), 0.1)
    return module


class FixedNorm(FrozenBatchNorm2d):
    """torchvision's, rounded as BatchNorm2d rounds in evaluation: to the last bit as ours.

    FrozenBatchNorm2d itself multiplies and adds in another order. That alone moves features by
    1e-6 of the largest and so some values across a ReLU's 0, which changes the image's gradient by
    1e-3 of the largest element.
    """

    def forward(self, x):
        return nn.functional.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, False, 0.0, self.eps)


class AverageAll(nn.Module):
    def forward(self, x):
        return x.mean((2, 3))


def resnet(name, image):
    """Backbone and head of a classifier whose statistics are those of an image."""
    make = getattr(torchvision.models, name)
    classifier = draw(make())
    for m in classifier.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.momentum = None  # the plain average over batches, of which there is one
    with torch.no_grad():
        classifier.train()(image[None])
    fixed = make(norm_layer=FixedNorm)
    fixed.load_state_dict(classifier.state_dict())
    layers = ["conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3"]
    backbone = nn.Sequential(OrderedDict((layer, getattr(fixed, layer)) for layer in layers))
    width = fixed.fc.in_features
    backbone.out_channels = width // 2
    return backbone, nn.Sequential(OrderedDict(layer4=fixed.layer4, mean=AverageAll())), width


def vgg16(size):
    backbone = draw(vgg.make_layers(vgg.cfgs["D"])[:-1])
    backbone.out_channels = 512
    return backbone, draw(TwoMLPHead(512 * size**2, 4096)), 4096


folder = pathlib.Path(sys.argv[1])
for name, options in json.loads(sys.argv[2]).items():
    torch.manual_seed(SEED)
    image = nn.functional.interpolate(torch.randn(1, 3, HEIGHT // 4, WIDTH // 4), scale_factor=4, mode="bilinear")[0]
    base = name.removeprefix("faster-rcnn-")
    backbone, head, width = vgg16(options["roi_size"]) if base == "vgg16" else resnet(base, image)
    model = detector(backbone, head, width, CLASSES, HEIGHT, options)
    with torch.no_grad():
        for p in model.rpn.parameters():
            p.normal_(0, 0.01)  # torchvision's initial weights; only that biases are not 0
    draw(model.roi_heads.box_predictor)
    objects = torch.tensor([[20.0, 12, 130, 140], [60.0, 30, 200, 120], [90.0, 2, 150, 60]])
    print(name)
    torch.save(record(model, image, objects, torch.tensor([2, 0, 1])), folder / f"{name}.pth")
