"""MobileNet: a convolution in two cheap halves, one that looks around in each channel and one that mixes the channels.

Paper: Howard, Zhu, Chen, Kalenichenko, Wang, Weyand, Andreetto & Adam (2017), "MobileNets: efficient convolutional
neural networks for mobile vision applications", arXiv 1704.04861. Four blocks for small images, with ReLU6.
"""

from __future__ import annotations

from torch import Tensor, nn

from onionskin.models import Example
from onionskin.models._batches import images, seeded


class DepthwiseSeparable(nn.Module):
    """Takes (n, inputs, h, w); gives (n, outputs, h/stride, w/stride).

    A full 3 × 3 convolution multiplies 9 · inputs · outputs times a pixel; this one inputs · (9 + outputs) times.
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(inputs, inputs, 3, stride=stride, padding=1, groups=inputs, bias=False)
        self.bn1 = nn.BatchNorm2d(inputs)
        self.pointwise = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU6()  # min(max(x, 0), 6): what never passes 6 fits into eight bits

    def forward(self, x: Tensor) -> Tensor:
        """Return the features."""
        x = self.relu(self.bn1(self.depthwise(x)))
        y: Tensor = self.relu(self.bn2(self.pointwise(x)))
        return y


class MobileNet(nn.Module):
    """Takes images, (n, channels, h, w); gives logits, (n, classes)."""

    def __init__(self, channels: int, width: int, classes: int) -> None:
        super().__init__()
        self.stem = nn.Conv2d(channels, width, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(width)
        self.relu = nn.ReLU6()
        self.blocks = nn.Sequential(
            DepthwiseSeparable(width, 2 * width),
            DepthwiseSeparable(2 * width, 4 * width, stride=2),
            DepthwiseSeparable(4 * width, 4 * width),
            DepthwiseSeparable(4 * width, 8 * width, stride=2),
        )
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(8 * width, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        x = self.relu(self.bn(self.stem(x)))  # (n, width, h, w)
        x = self.blocks(x)  # (n, 8 width, h/4, w/4)
        logits: Tensor = self.fc(self.pool(x).flatten(1))
        return logits


def build(channels: int = 3, width: int = 16, classes: int = 10) -> MobileNet:
    """Return the network: 19,114 parameters. Its first layer has ``width`` channels, its last eight times as many."""
    return MobileNet(channels, width, classes)


def example() -> Example:
    """Return the network with 8 images of 16 × 16 in colour, two of each of four classes."""
    x, y = images(8, (3, 16, 16), classes=4)
    with seeded():
        return Example(build(classes=4), x, y, loss="cross_entropy", optimizer="sgd:lr=0.25")
