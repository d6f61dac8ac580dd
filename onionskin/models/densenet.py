"""DenseNet: every layer reads what all the layers before it have written, and adds a few pages of its own.

Paper: Huang, Liu, van der Maaten & Weinberger (2016), "Densely connected convolutional networks", arXiv 1608.06993.
Two small blocks, without the paper's bottlenecks.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from onionskin.models import Example
from onionskin.models._batches import images, seeded


class DenseLayer(nn.Module):
    """BatchNorm, ReLU, convolution. Takes (n, inputs, h, w); gives it with its own (n, growth, h, w) behind."""

    def __init__(self, inputs: int, growth: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(inputs)
        self.conv = nn.Conv2d(inputs, growth, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return input and output, side by side: nothing is overwritten, as a sum would."""
        return torch.cat([x, self.conv(self.norm(x).relu())], dim=1)


class Transition(nn.Module):
    """Between two blocks: fewer channels, half the width and height."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(inputs)
        self.conv = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.pool = nn.AvgPool2d(2)

    def forward(self, x: Tensor) -> Tensor:
        """Return the summary, (n, outputs, h/2, w/2)."""
        y: Tensor = self.pool(self.conv(self.norm(x).relu()))
        return y


class DenseNet(nn.Module):
    """Takes images, (n, channels, h, w); gives logits, (n, classes)."""

    def __init__(self, channels: int, growth: int, layers: int, classes: int) -> None:
        super().__init__()
        stem = 2 * growth
        full = stem + layers * growth  # what a block has written at its end
        half = full // 2
        self.stem = nn.Conv2d(channels, stem, 3, padding=1, bias=False)
        self.block1 = nn.Sequential(*[DenseLayer(stem + i * growth, growth) for i in range(layers)])
        self.transition = Transition(full, half)
        self.block2 = nn.Sequential(*[DenseLayer(half + i * growth, growth) for i in range(layers)])
        self.norm = nn.BatchNorm2d(half + layers * growth)
        self.fc = nn.Linear(half + layers * growth, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        x = self.block1(self.stem(x))  # (n, full, h, w)
        x = self.block2(self.transition(x))  # (n, half + layers · growth, h/2, w/2)
        x = self.norm(x).relu().mean(dim=(2, 3))  # the mean of each channel
        logits: Tensor = self.fc(x)
        return logits


def build(channels: int = 1, growth: int = 8, layers: int = 3, classes: int = 10) -> DenseNet:
    """Return the network: 13,106 parameters.

    Args:
        channels: The channels of the images.
        growth: How many channels each layer adds.
        layers: The layers of each of the two blocks.
        classes: How many logits.
    """
    return DenseNet(channels, growth, layers, classes)


def example() -> Example:
    """Return the network with 8 images of 8 × 8, two of each of four classes."""
    x, y = images(8, (1, 8, 8), classes=4)
    with seeded():
        return Example(build(classes=4), x, y, loss="cross_entropy", optimizer="sgd:lr=0.0625,momentum=0.5")
