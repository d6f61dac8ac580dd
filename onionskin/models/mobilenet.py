"""MobileNet: a convolution in two cheap halves, one that looks around in each channel and one that mixes the channels.

Paper: Howard, Zhu, Chen, Kalenichenko, Wang, Weyand, Andreetto & Adam (2017), "MobileNets: efficient convolutional
neural networks for mobile vision applications", arXiv 1704.04861. With ReLU6; four blocks for small images, or the
thirteen of the paper for photos of 224 × 224.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from onionskin.models import Example
from onionskin.models._batches import images, seeded

#: The blocks: how many times the channels of the first layer each gives, and its stride.
SMALL = ((2, 1), (4, 2), (4, 1), (8, 2))

#: The paper's, table 1.
IMAGENET = (*SMALL, (8, 1), (16, 2), *((16, 1),) * 5, (32, 2), (32, 1))


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

    def __init__(
        self, channels: int, width: int, classes: int, rows: Sequence[tuple[int, int]] = SMALL, stride: int = 1
    ) -> None:
        super().__init__()
        self.stem = nn.Conv2d(channels, width, 3, stride=stride, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(width)
        self.relu = nn.ReLU6()
        self.blocks = nn.Sequential()
        inputs = width
        for times, step in rows:
            self.blocks.append(DepthwiseSeparable(inputs, times * width, step))
            inputs = times * width
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(inputs, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        x = self.relu(self.bn(self.stem(x)))  # (n, width, h, w)
        x = self.blocks(x)  # (n, 8 width, h/4, w/4); of photos (n, 32 width, h/32, w/32)
        logits: Tensor = self.fc(self.pool(x).flatten(1))
        return logits


def build(channels: int = 3, width: int = 16, classes: int = 10) -> MobileNet:
    """Return the network: 19,114 parameters. Its first layer has ``width`` channels, its last eight times as many."""
    return MobileNet(channels, width, classes)


def imagenet(width: int = 32, classes: int = 1000) -> MobileNet:
    """Return the network of the paper for photos of 224 × 224, (n, 3, h, w): 4,231,976 weights at its full width."""
    return MobileNet(3, width, classes, IMAGENET, stride=2)


def example() -> Example:
    """Return the network with 8 images of 16 × 16 in colour, two of each of four classes."""
    x, y = images(8, (3, 16, 16), classes=4)
    with seeded():
        return Example(build(classes=4), x, y, loss="cross_entropy", optimizer="sgd:lr=0.25")
