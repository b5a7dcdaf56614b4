"""The networks of the benchmarks as an idiomatic PyTorch program writes them, under the same state_dict names as ours."""
import json
import math

import torch
import torchvision
from torch import nn
from torch.nn import functional as F


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(channels)
        self.prelu = nn.PReLU()
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x):
        y = self.prelu(self.bn1(self.conv1(x)))
        return x + self.bn2(self.conv2(y))


class Upsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, 4 * channels, 3, padding=1)
        self.shuffle = nn.PixelShuffle(2)
        self.prelu = nn.PReLU()

    def forward(self, x):
        return self.prelu(self.shuffle(self.conv(x)))


class SRResNet(nn.Module):
    def __init__(self, scale, channels=64, blocks=5, end_kernel=9):
        super().__init__()
        self.block1 = nn.Sequential(nn.Conv2d(3, channels, end_kernel, padding=end_kernel // 2), nn.PReLU())
        self.body = [f"block{i + 2}" for i in range(blocks)]
        for name in self.body:
            setattr(self, name, Residual(channels))
        self.body.append(f"block{blocks + 2}")
        setattr(self, self.body[-1], nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.PReLU()))
        self.end = f"block{blocks + 3}"
        doublings = [Upsample(channels) for _ in range(int(math.log2(scale)))]
        setattr(self, self.end, nn.Sequential(*doublings, nn.Conv2d(channels, 3, end_kernel, padding=end_kernel // 2)))

    def forward(self, x):
        first = self.block1(x)
        y = first
        for name in self.body:
            y = getattr(self, name)(y)
        return (torch.tanh(getattr(self, self.end)(first + y)) + 1) / 2


class BasicBlock(nn.Module):
    def __init__(self, channels_in, channels, shortcut):
        super().__init__()
        stride = 1 if channels_in == channels else 2
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut = shortcut

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(y + self.shortcut(x))


class PadChannels(nn.Module):
    def __init__(self, more):
        super().__init__()
        self.more = more

    def forward(self, x):
        return F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.more // 2, self.more // 2))


class CifarResNet(nn.Module):
    def __init__(self, depth, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        channels_in = 16
        for stage, channels in enumerate((16, 32, 64)):
            blocks = []
            for _ in range((depth - 2) // 6):
                shortcut = nn.Identity() if channels_in == channels else PadChannels(channels - channels_in)
                blocks.append(BasicBlock(channels_in, channels, shortcut))
                channels_in = channels
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        self.linear = nn.Linear(64, classes)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(F.adaptive_avg_pool2d(x, 1).flatten(1))


def build(spec):
    """The network of {"arch": ..., "size": scale or classes, "options": ..., "weights": path}."""
    arch, size = spec["arch"], spec["size"]
    if arch == "srresnet":
        network = SRResNet(size, **spec["options"])
    elif arch.startswith("cifar-resnet"):
        network = CifarResNet(int(arch[len("cifar-resnet"):]), size)
    else:
        network = getattr(torchvision.models, arch)(weights=None, num_classes=size)
    network.load_state_dict(read_safetensors(spec["weights"]))
    return network


TYPES = {"F32": torch.float32, "I64": torch.int64}


def read_safetensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = bytearray(file.read())
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            flat = torch.frombuffer(data, dtype=TYPES[entry["dtype"]], offset=start, count=math.prod(entry["shape"]))
            tensors[name] = flat.reshape(entry["shape"]).clone()
    return tensors


class Normalized(nn.Module):
    def __init__(self, network):
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1))

    def forward(self, x):
        return self.network((x - self.mean) / self.std)
