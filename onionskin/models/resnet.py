"""ResNet: each block learns what to add to its input, so that eighteen layers train as easily as eight.

Paper: He, Zhang, Ren & Sun (2015), "Deep residual learning for image recognition", arXiv 1512.03385. For small images
it begins with a 3 × 3 convolution and no pooling, as the paper's own networks for CIFAR-10 do.
"""

from __future__ import annotations

from torch import Tensor, nn

from onionskin.errors import OnionskinError
from onionskin.models import Example
from onionskin.models._batches import images, seeded

#: How many blocks each of the four stages has (table 1 of the paper).
BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3)}


class BasicBlock(nn.Module):
    """Two 3 × 3 convolutions and a shortcut around them. Takes (n, inputs, h, w); gives (n, outputs, h/stride, …)."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        # A bias before a BatchNorm would be subtracted with the mean: it has nothing to learn.
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample: nn.Sequential | None = None
        if stride != 1 or inputs != outputs:  # the shortcut must arrive in the shape of what it is added to
            projection = nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False)
            self.downsample = nn.Sequential(projection, nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Return relu(F(x) + x), equation 1 of the paper; equation 2 where the shapes differ."""
        shortcut = x if self.downsample is None else self.downsample(x)
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        summed: Tensor = self.relu(y + shortcut)
        return summed


class ResNet(nn.Module):
    """Four stages, each half as wide and high as the last and twice as deep. Takes (n, channels, h, w) images."""

    def __init__(self, depth: int = 18, width: int = 64, channels: int = 3, classes: int = 10) -> None:
        super().__init__()
        if depth not in BLOCKS:
            known = " or ".join(map(str, BLOCKS))
            raise OnionskinError(f"no ResNet of depth {depth}", fix=f"choose depth {known}")
        self.conv1 = nn.Conv2d(channels, width, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()
        first, second, third, fourth = BLOCKS[depth]
        self.layer1 = stage(first, width, width, stride=1)
        self.layer2 = stage(second, width, 2 * width, stride=2)
        self.layer3 = stage(third, 2 * width, 4 * width, stride=2)
        self.layer4 = stage(fourth, 4 * width, 8 * width, stride=2)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(8 * width, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")  # He et al., 1502.01852

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits, (n, classes)."""
        x = self.relu(self.bn1(self.conv1(x)))  # (n, width, h, w)
        x = self.layer1(x)  # (n, width, h, w)
        x = self.layer2(x)  # (n, 2 width, h/2, w/2)
        x = self.layer3(x)  # (n, 4 width, h/4, w/4)
        x = self.layer4(x)  # (n, 8 width, h/8, w/8)
        x = self.avgpool(x).flatten(1)  # (n, 8 width)
        logits: Tensor = self.fc(x)
        return logits


def stage(blocks: int, inputs: int, outputs: int, stride: int) -> nn.Sequential:
    """Return blocks in a row, of which the first changes the shape."""
    rest = [BasicBlock(outputs, outputs) for _ in range(blocks - 1)]
    return nn.Sequential(BasicBlock(inputs, outputs, stride), *rest)


def build(depth: int = 18, width: int = 64, channels: int = 3, classes: int = 10) -> ResNet:
    """Return the network: 11,173,962 parameters for depth 18.

    Args:
        depth: How many layers have weights on the way from the image to the logits: 18 or 34.
        width: The channels of the first stage; the paper's is 64.
        channels: The channels of the images.
        classes: How many logits.

    Raises:
        OnionskinError: There is no such depth.
    """
    return ResNet(depth, width, channels, classes)


def example() -> Example:
    """Return ResNet-18 with 4 images of 16 × 16 in colour, one of each of four classes."""
    x, y = images(4, (3, 16, 16), classes=4)
    with seeded():
        return Example(build(classes=4), x, y, loss="cross_entropy", optimizer="sgd:lr=0.0078125,momentum=0.5")
