class DenseLayer(nn.Module):
    def __init__(self, channels, growth):
        super().__init__()
        self.conv = nn.Conv2d(channels, growth, 3, padding=1)

    def forward(self, x):
        return torch.cat([x, F.relu(self.conv(x))], 1)


class DenseBlock(nn.Module):
    def __init__(self, channels, growth, layers):
        super().__init__()
        self.block = nn.Sequential(*[DenseLayer(channels + i * growth, growth) for i in range(layers)])

    def forward(self, x):
        return self.block(x)


class SRDenseNet(nn.Module):
    """(N,3,H,W) in [0,1] to (N,3,4*H,4*W), which may leave [0,1] a little."""

    def __init__(self, growth=16, layers=8, blocks=8, channels=128):
        super().__init__()
        self.conv1 = nn.Conv2d(3, growth, 3, padding=1)
        added = growth * layers
        self.denseblock = nn.Sequential(*[DenseBlock(growth + i * added, growth, layers) for i in range(blocks)])
        self.Bottleneck = nn.Conv2d(growth + blocks * added, channels, 1)
        self.convt1 = nn.ConvTranspose2d(channels, channels, 4, stride=2, padding=1)
        self.convt2 = nn.ConvTranspose2d(channels, channels, 4, stride=2, padding=1)
        self.conv2 = nn.Conv2d(channels, 3, 3, padding=1)

    def forward(self, x):
        y = self.denseblock(F.relu(self.conv1(x)))
        return self.conv2(self.convt2(self.convt1(self.Bottleneck(y))))


def srdensenet(scale, options):
    return SRDenseNet(**options)
