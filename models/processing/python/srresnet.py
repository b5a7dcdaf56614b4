class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(channels)
        self.prelu = nn.PReLU()
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x):
        return x + self.bn2(self.conv2(self.prelu(self.bn1(self.conv1(x)))))


class Upsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, 4 * channels, 3, padding=1)
        self.prelu = nn.PReLU()

    def forward(self, x):
        return self.prelu(F.pixel_shuffle(self.conv(x), 2))


class SRResNet(nn.Module):
    """(N,3,H,W) in [0,1] to (N,3,scale*H,scale*W) in [0,1]."""

    def __init__(self, scale, channels=64, blocks=5, end_kernel=9):
        super().__init__()
        self.parts = blocks + 3
        self.block1 = nn.Sequential(nn.Conv2d(3, channels, end_kernel, padding=end_kernel // 2), nn.PReLU())
        for i in range(blocks):
            setattr(self, f"block{i + 2}", Residual(channels))
        setattr(self, f"block{blocks + 2}", nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.PReLU()))
        end = [Upsample(channels) for _ in range(scale.bit_length() - 1)]
        end.append(nn.Conv2d(channels, 3, end_kernel, padding=end_kernel // 2))
        setattr(self, f"block{blocks + 3}", nn.Sequential(*end))

    def forward(self, x):
        first = self.block1(x)
        y = first
        for i in range(2, self.parts):
            y = getattr(self, f"block{i}")(y)
        return (torch.tanh(getattr(self, f"block{self.parts}")(first + y)) + 1) / 2


def srresnet(scale, options):
    return SRResNet(scale, **options)
