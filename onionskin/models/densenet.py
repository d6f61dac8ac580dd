"""DenseNet: every layer reads what all the layers before it have written, and adds a few pages of its own.

Paper: Huang, Liu, van der Maaten & Weinberger (2016), "Densely connected convolutional networks", arXiv 1608.06993.
Two small blocks, without the paper's bottlenecks; or DenseNet-121 and its deeper kin, with them, for photos.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from onionskin.errors import OnionskinError
from onionskin.models import Example
from onionskin.models._batches import images, seeded

#: How many layers each of the four blocks has (table 1 of the paper).
BLOCKS = {121: (6, 12, 24, 16), 169: (6, 12, 32, 32), 201: (6, 12, 48, 32)}


class DenseLayer(nn.Module):
    """BatchNorm, ReLU, convolution. Takes (n, inputs, h, w); gives it with its own (n, growth, h, w) behind."""

    def __init__(self, inputs: int, growth: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(inputs)
        self.conv = nn.Conv2d(inputs, growth, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return input and output, side by side: nothing is overwritten, as a sum would."""
        return torch.cat([x, self.conv(self.norm(x).relu())], dim=1)


class BottleneckLayer(nn.Module):
    """A layer that reads a summary of 4 · growth channels: a 3 × 3 of all would cost more the more is written."""

    def __init__(self, inputs: int, growth: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, 4 * growth, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(4 * growth)
        self.conv2 = nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return input and output, side by side."""
        y = self.conv1(self.norm1(x).relu())
        return torch.cat([x, self.conv2(self.norm2(y).relu())], dim=1)


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

    def __init__(self, channels: int, growth: int, blocks: Sequence[int], classes: int, *, photos: bool) -> None:
        super().__init__()
        width = 2 * growth  # what has been written so far
        layer = BottleneckLayer if photos else DenseLayer
        self.stem = photo_stem(channels, width) if photos else nn.Conv2d(channels, width, 3, padding=1, bias=False)
        self.blocks = nn.Sequential()
        for i, layers in enumerate(blocks):
            if i:
                self.blocks.append(Transition(width, width // 2))
                width //= 2
            self.blocks.append(nn.Sequential(*[layer(width + j * growth, growth) for j in range(layers)]))
            width += layers * growth
        self.norm = nn.BatchNorm2d(width)
        self.fc = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        x = self.stem(x)  # (n, 2 growth, h, w), of photos h/4 and w/4
        x = self.blocks(x)  # half as wide and high from block to block
        x = self.norm(x).relu().mean(dim=(2, 3))  # the mean of each channel
        logits: Tensor = self.fc(x)
        return logits


def photo_stem(channels: int, width: int) -> nn.Sequential:
    """Return the first layers of the paper's networks for ImageNet: a quarter of the width and height is left."""
    conv = nn.Conv2d(channels, width, 7, stride=2, padding=3, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(3, stride=2, padding=1))


def build(channels: int = 1, growth: int = 8, layers: int = 3, classes: int = 10) -> DenseNet:
    """Return the network: 13,106 parameters.

    Args:
        channels: The channels of the images.
        growth: How many channels each layer adds.
        layers: The layers of each of the two blocks.
        classes: How many logits.
    """
    return DenseNet(channels, growth, (layers, layers), classes, photos=False)


def imagenet(depth: int = 121, growth: int = 32, classes: int = 1000) -> DenseNet:
    """Return a network of the paper for photos of 224 × 224, (n, 3, h, w): 7,978,856 weights for depth 121.

    Args:
        depth: How many layers have weights on the way to the logits: 121, 169 or 201.
        growth: How many channels each layer adds.
        classes: How many logits.

    Raises:
        OnionskinError: There is no such depth.
    """
    if depth not in BLOCKS:
        raise OnionskinError(f"no DenseNet of depth {depth}", fix="choose depth 121, 169 or 201")
    return DenseNet(3, growth, BLOCKS[depth], classes, photos=True)


def example() -> Example:
    """Return the network with 8 images of 8 × 8, two of each of four classes."""
    x, y = images(8, (1, 8, 8), classes=4)
    with seeded():
        return Example(build(classes=4), x, y, loss="cross_entropy", optimizer="sgd:lr=0.0625,momentum=0.5")
