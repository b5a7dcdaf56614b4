"""Write testdata/networks/: what PyTorch computes with our architectures.

Run from the repository root: /usr/bin/python3 scripts/goldens/networks.py

The networks are written here once more, from the papers' descriptions and in
torch.nn's own terms; only the tensor names are agreed on, since those are the
names of the public weights. Sizes are small so that whole networks fit into a
file. Each .pth file is one flat dictionary of tensors:

  initial.*         the state, with non-trivial BatchNorm statistics
  input             the network's input
  eval              its output in evaluation mode
  input_gradient    the gradient of eval's mean square with respect to input
  train             its output in training mode
  buffers.*         the running statistics after that training-mode pass

Files without initial.* are of networks too large to store: their state is drawn
from a generator in the order of the names, as in draw() below.

sizes.json has the number of trainable values of every architecture with its
default options, initial.json the spread of PyTorch's default initial values.
published.json has what the public CIFAR-10 weights answer to the input of
cifar-resnet20.pth; it is written where the folder that TRANSFERA_SHARED_DATA
names (or ../shared/data) holds cifar10-resnets/.
"""

import json
import os
import pathlib

import torch
import torch.nn.functional as F
from torch import nn

FOLDER = pathlib.Path("testdata/networks")
PUBLISHED = pathlib.Path(os.environ.get("TRANSFERA_SHARED_DATA", "../shared/data")) / "cifar10-resnets"


# Processors and transformers.


class ResidualBlock(nn.Module):
    """Sums its input and two 3x3 convolutions of it, normalized."""

    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(channels)
        self.prelu = nn.PReLU()
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x):
        return x + self.bn2(self.conv2(self.prelu(self.bn1(self.conv1(x)))))


class Doubling(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels * 4, 3, padding=1)
        self.prelu = nn.PReLU()

    def forward(self, x):
        return self.prelu(F.pixel_shuffle(self.conv(x), 2))


class SRResNet(nn.Module):
    def __init__(self, scale, channels=64, blocks=5, end_kernel=9):
        super().__init__()
        same = end_kernel // 2
        stages = [nn.Sequential(nn.Conv2d(3, channels, end_kernel, padding=same), nn.PReLU())]
        stages += [ResidualBlock(channels) for _ in range(blocks)]
        stages += [nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.PReLU())]
        doublings = [Doubling(channels) for _ in range({1: 0, 2: 1, 4: 2}[scale])]
        stages += [nn.Sequential(*doublings, nn.Conv2d(channels, 3, end_kernel, padding=same))]
        self.stages = len(stages)
        for number, stage in enumerate(stages, start=1):
            self.add_module(f"block{number}", stage)

    def forward(self, x):
        first = x = self.block1(x)
        for number in range(2, self.stages):
            x = getattr(self, f"block{number}")(x)
        return (torch.tanh(getattr(self, f"block{self.stages}")(first + x)) + 1) / 2


class Appending(nn.Module):
    """Appends the rectified convolution of its input to that input."""

    def __init__(self, channels, growth):
        super().__init__()
        self.conv = nn.Conv2d(channels, growth, 3, padding=1)

    def forward(self, x):
        return torch.cat([x, self.conv(x).relu()], dim=1)


class SRDenseNet(nn.Module):
    def __init__(self, growth=16, layers=8, blocks=8, channels=128):
        super().__init__()
        self.conv1 = nn.Conv2d(3, growth, 3, padding=1)
        self.denseblock = nn.Sequential()
        for number in range(blocks):
            first = growth * (1 + number * layers)
            block = nn.Module()
            block.block = nn.Sequential(*[Appending(first + growth * i, growth) for i in range(layers)])
            block.forward = block.block.forward
            self.denseblock.add_module(str(number), block)
        self.Bottleneck = nn.Conv2d(growth * (1 + blocks * layers), channels, 1)
        self.convt1 = nn.ConvTranspose2d(channels, channels, 4, stride=2, padding=1)
        self.convt2 = nn.ConvTranspose2d(channels, channels, 4, stride=2, padding=1)
        self.conv2 = nn.Conv2d(channels, 3, 3, padding=1)

    def forward(self, x):
        dense = self.denseblock(self.conv1(x).relu())
        return self.conv2(self.convt2(self.convt1(self.Bottleneck(dense))))


class ReflectBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3, bias=False), nn.BatchNorm2d(channels), nn.ReLU(),
            nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x):
        return x + self.conv_block(x)


class ResnetGenerator(nn.Module):
    def __init__(self, channels=64, blocks=6):
        super().__init__()
        layers = [nn.ReflectionPad2d(3), nn.Conv2d(3, channels, 7, bias=False), nn.BatchNorm2d(channels), nn.ReLU()]
        for width in (channels, 2 * channels):
            layers += [nn.Conv2d(width, 2 * width, 3, stride=2, padding=1, bias=False),
                       nn.BatchNorm2d(2 * width), nn.ReLU()]
        layers += [ReflectBlock(4 * channels) for _ in range(blocks)]
        for width in (4 * channels, 2 * channels):
            layers += [nn.ConvTranspose2d(width, width // 2, 3, stride=2, padding=1, output_padding=1, bias=False),
                       nn.BatchNorm2d(width // 2), nn.ReLU()]
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(channels, 3, 7), nn.Tanh()]
        self.model = nn.Sequential(*layers)

    def forward(self, x):
        return (self.model(x) + 1) / 2


# Recognizers.


class BasicBlock(nn.Module):
    def __init__(self, channels, width, downsample):
        super().__init__()
        stride = 1 if channels == width else 2
        self.conv1 = nn.Conv2d(channels, width, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = nn.Identity() if channels == width else downsample

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.downsample(x))


class EverySecondPixel(nn.Module):
    """The shortcut without parameters: zeros are the new channels."""

    def __init__(self, added):
        super().__init__()
        self.pad = nn.ConstantPad3d((0, 0, 0, 0, added // 2, added // 2), 0.0)

    def forward(self, x):
        return self.pad(x[..., ::2, ::2])


class ResNet32(nn.Module):
    """Three stages of basic blocks for 32x32 images, below a linear layer called head."""

    def __init__(self, widths, blocks, head, learned_shortcuts, classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(3, widths[0], 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        channels = widths[0]
        for number, width in enumerate(widths, start=1):
            stage = nn.Sequential()
            for i in range(blocks):
                shortcut = EverySecondPixel(width - channels)
                if learned_shortcuts:
                    shortcut = nn.Sequential(nn.Conv2d(channels, width, 1, stride=2, bias=False), nn.BatchNorm2d(width))
                stage.add_module(str(i), BasicBlock(channels, width, shortcut))
                channels = width
            self.add_module(f"layer{number}", stage)
        self.add_module(head, nn.Linear(channels, classes))
        self.head = head

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return getattr(self, self.head)(x.mean(dim=(2, 3)))


def cifar_resnet(depth):
    return ResNet32([16, 32, 64], (depth - 2) // 6, "linear", learned_shortcuts=False)


def shapes_resnet(width=16, blocks=1):
    return ResNet32([width, 2 * width, 4 * width], blocks, "fc", learned_shortcuts=True)


class ShapesVGG(nn.Module):
    def __init__(self, width=16, depth=2, classes=10):
        super().__init__()
        layers, channels = [], 3
        for out in (width, 2 * width, 4 * width):
            for _ in range(depth):
                layers += [nn.Conv2d(channels, out, 3, padding=1), nn.BatchNorm2d(out), nn.ReLU()]
                channels = out
            layers += [nn.MaxPool2d(2)]
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(channels, classes)

    def forward(self, x):
        return self.classifier(self.features(x).mean(dim=(2, 3)))


class DenseLayer(nn.Module):
    def __init__(self, channels, growth):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, growth, 3, padding=1, bias=False)

    def forward(self, x):
        return torch.cat([x, self.conv1(self.norm1(x).relu())], dim=1)


class ShapesDenseNet(nn.Module):
    def __init__(self, growth=12, layers=3, classes=10):
        super().__init__()
        channels = 2 * growth
        self.features = nn.Sequential()
        self.features.add_module("conv0", nn.Conv2d(3, channels, 3, padding=1, bias=False))
        for number in (1, 2, 3):
            block = nn.Sequential()
            for i in range(layers):
                block.add_module(f"denselayer{i + 1}", DenseLayer(channels, growth))
                channels += growth
            self.features.add_module(f"denseblock{number}", block)
            if number < 3:
                transition = nn.Sequential()
                transition.add_module("norm", nn.BatchNorm2d(channels))
                transition.add_module("relu", nn.ReLU())
                transition.add_module("conv", nn.Conv2d(channels, channels // 2, 1, bias=False))
                transition.add_module("pool", nn.AvgPool2d(2))
                self.features.add_module(f"transition{number}", transition)
                channels //= 2
        self.features.add_module("norm5", nn.BatchNorm2d(channels))
        self.classifier = nn.Linear(channels, classes)

    def forward(self, x):
        return self.classifier(self.features(x).relu().mean(dim=(2, 3)))


# Goldens.


def randomize_statistics(model, generator):
    """Gives every BatchNorm an affine map and running statistics that a mistake would show in."""
    for norm in (m for m in model.modules() if isinstance(m, nn.BatchNorm2d)):
        size = norm.num_features
        norm.weight.data = 0.5 + torch.rand(size, generator=generator)
        norm.bias.data = torch.rand(size, generator=generator) - 0.5
        norm.running_mean = torch.rand(size, generator=generator) - 0.5
        norm.running_var = 0.5 + torch.rand(size, generator=generator)


def draw(model, seed):
    """Fills the state, name by name in alphabetical order, from one generator."""
    generator = torch.Generator().manual_seed(seed)
    state = model.state_dict()
    for name in sorted(state):
        tensor = state[name]
        if name.endswith("num_batches_tracked"):
            continue
        noise = torch.randn(tensor.shape, generator=generator)
        if tensor.dim() > 1:
            fan_in = tensor.numel() // tensor.shape[0]
            tensor.copy_(noise * (2 / fan_in) ** 0.5)
        elif name.endswith("running_var") or name.endswith("weight"):
            tensor.copy_(noise * 0.1 + 1)
        else:
            tensor.copy_(noise * 0.1)


def prefixed(prefix, tensors):
    return {f"{prefix}.{name}": tensor.detach().clone() for name, tensor in tensors.items()}


def golden(name, model, x, stored=True):
    tensors = prefixed("initial", model.state_dict()) if stored else {}
    x.requires_grad_(True)
    model.eval()
    output = model(x)
    output.square().mean().backward()
    tensors.update({"input": x.detach(), "eval": output.detach(), "input_gradient": x.grad})
    model.train()
    with torch.no_grad():
        tensors["train"] = model(x)
    tensors.update(prefixed("buffers", dict(model.named_buffers())))
    torch.save(tensors, FOLDER / f"{name}.pth")


def spread(layer):
    return {name: {"largest": p.abs().max().item(), "deviation": p.std().item()} for name, p in layer.named_parameters()}


def published(x):
    """The logits of every public weights file, trained on inputs normalized as for ImageNet."""
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    logits = {}
    for depth in (20, 32, 56):
        file = next(PUBLISHED.glob(f"resnet{depth}-*.th"))
        state = torch.load(file, map_location="cpu")["state_dict"]
        model = nn.DataParallel(cifar_resnet(depth))
        model.load_state_dict(state)
        model.eval()
        with torch.no_grad():
            logits[file.name] = model.module((x - mean) / std).tolist()
    return logits


def main():
    torch.manual_seed(20191020)
    generator = torch.Generator().manual_seed(1)
    FOLDER.mkdir(parents=True, exist_ok=True)

    for name, model, shape in [
        ("srresnet-x1", SRResNet(1, channels=6, blocks=2), (2, 3, 14, 10)),
        ("srresnet-x2", SRResNet(2, channels=6, blocks=2, end_kernel=5), (2, 3, 10, 8)),
        ("srresnet-x4", SRResNet(4, channels=6, blocks=1, end_kernel=5), (2, 3, 6, 5)),
        ("srdensenet", SRDenseNet(growth=5, layers=3, blocks=2, channels=8), (2, 3, 6, 5)),
        ("resnet-generator", ResnetGenerator(channels=3, blocks=2), (2, 3, 16, 12)),
        ("shapes-resnet", shapes_resnet(width=3, blocks=1), (2, 3, 16, 16)),
        ("shapes-vgg", ShapesVGG(width=3, depth=2), (2, 3, 16, 16)),
        ("shapes-densenet", ShapesDenseNet(growth=4, layers=2), (2, 3, 16, 16)),
    ]:
        randomize_statistics(model, generator)
        golden(name, model, torch.rand(shape, generator=generator))

    # Where 4 does not divide the size, the network is what it is at the larger size with the surplus cut off.
    odd = ResnetGenerator(channels=2, blocks=1)
    randomize_statistics(odd, generator)
    whole, odd.forward = odd.forward, lambda x: whole(x)[..., :x.shape[2], :x.shape[3]]
    golden("resnet-generator-odd", odd, torch.rand(2, 3, 13, 18, generator=generator))

    drawn = cifar_resnet(20)
    draw(drawn, seed=20)
    golden("cifar-resnet20", drawn, torch.rand(2, 3, 16, 16, generator=generator), stored=False)

    sizes = {
        "srresnet": SRResNet(1), "srresnet x2": SRResNet(2), "srresnet x4": SRResNet(4),
        "srdensenet x4": SRDenseNet(), "resnet-generator": ResnetGenerator(),
        "shapes-resnet": shapes_resnet(), "shapes-vgg": ShapesVGG(), "shapes-densenet": ShapesDenseNet(),
        **{f"cifar-resnet{depth}": cifar_resnet(depth) for depth in (20, 32, 44, 56, 110)},
    }
    write_json("sizes.json", {name: sum(p.numel() for p in m.parameters()) for name, m in sizes.items()})

    # Layers large enough that their extreme and deviation hardly depend on the draw.
    write_json("initial.json", {
        "conv": spread(nn.Conv2d(16, 2000, 3)),
        "grouped conv": spread(nn.Conv2d(16, 2000, 3, groups=4)),
        "transposed conv": spread(nn.ConvTranspose2d(16, 2000, 4)),
        "linear": spread(nn.Linear(50, 2000)),
        "batch norm": spread(nn.BatchNorm2d(4)),
        "prelu": {"weight": {"largest": nn.PReLU().weight.item(), "deviation": 0.0}},
    })
    if PUBLISHED.is_dir():
        write_json("published.json", published(torch.load(FOLDER / "cifar-resnet20.pth")["input"]))


def write_json(name, content):
    (FOLDER / name).write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
