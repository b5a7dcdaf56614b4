class ReflectBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3, bias=False), nn.BatchNorm2d(channels), nn.ReLU(),
            nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x):
        return x + self.conv_block(x)


class ResnetGenerator(nn.Module):
    """(N,3,H,W) in [0,1] to (N,3,H,W) in [0,1]; sides of at least 5."""

    def __init__(self, channels=64, blocks=6):
        super().__init__()
        self.model = nn.Sequential(
            nn.ReflectionPad2d(3), nn.Conv2d(3, channels, 7, bias=False), nn.BatchNorm2d(channels), nn.ReLU(),
            nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(2 * channels), nn.ReLU(),
            nn.Conv2d(2 * channels, 4 * channels, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(4 * channels), nn.ReLU(),
            *[ReflectBlock(4 * channels) for _ in range(blocks)],
            nn.ConvTranspose2d(4 * channels, 2 * channels, 3, stride=2, padding=1, output_padding=1, bias=False),
            nn.BatchNorm2d(2 * channels), nn.ReLU(),
            nn.ConvTranspose2d(2 * channels, channels, 3, stride=2, padding=1, output_padding=1, bias=False),
            nn.BatchNorm2d(channels), nn.ReLU(),
            nn.ReflectionPad2d(3), nn.Conv2d(channels, 3, 7))

    def forward(self, x):
        height, width = x.shape[2:]
        # Sides that 4 does not divide come out larger; the surplus at the right and at the bottom is cut off.
        return ((torch.tanh(self.model(x)) + 1) / 2)[:, :, :height, :width]


def resnet_generator(scale, options):
    return ResnetGenerator(**options)
