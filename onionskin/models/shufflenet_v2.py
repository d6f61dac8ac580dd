"""ShuffleNetV2: a half of the channels passes each block untouched, and then they are shuffled, as cards are.

Paper: Ma, Zhang, Zheng & Sun (2018), "ShuffleNet V2: practical guidelines for efficient CNN architecture design", arXiv
1807.11164. It minds what memory costs as well as multiplications: as many channels out as in, few branches, few sums.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from onionskin.models import Example
from onionskin.models._batches import images, seeded


class Unit(nn.Module):
    """One branch works on a half of the channels, the other lets its half pass. Takes, gives (n, channels, h, w)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.branch = branch(channels // 2, channels // 2, stride=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return both halves, shuffled (figure 3c)."""
        kept, worked = x.chunk(2, dim=1)
        return shuffled(torch.cat([kept, self.branch(worked)], dim=1))


class Reduction(nn.Module):
    """Both branches work on all channels. Takes (n, inputs, h, w); gives (n, outputs, h/2, w/2)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.left = nn.Sequential(*around(inputs, stride=2), *across(inputs, outputs // 2))
        self.right = branch(inputs, outputs // 2, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """Return what both give, shuffled (figure 3d)."""
        return shuffled(torch.cat([self.left(x), self.right(x)], dim=1))


def branch(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    """Return what mixes the channels, looks around in each, and mixes again."""
    return nn.Sequential(*across(inputs, outputs), *around(outputs, stride), *across(outputs, outputs))


def across(inputs: int, outputs: int) -> list[nn.Module]:
    """Return layers that mix channels, pixel by pixel."""
    return [nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]


def around(channels: int, stride: int) -> list[nn.Module]:
    """Return layers that look around, channel by channel; no ReLU behind them."""
    conv = nn.Conv2d(channels, channels, 3, stride=stride, padding=1, groups=channels, bias=False)
    return [conv, nn.BatchNorm2d(channels)]


def shuffled(x: Tensor) -> Tensor:
    """Return the channels, (n, c, h, w), in the order first of the one half, first of the other, second of the one …"""
    halves = torch.unflatten(x, 1, (2, x.shape[1] // 2))  # (n, 2, c/2, h, w)
    return halves.transpose(1, 2).flatten(1, 2)


class ShuffleNetV2(nn.Module):
    """Takes images, (n, channels, h, w); gives logits, (n, classes)."""

    def __init__(self, channels: int, stages: Sequence[tuple[int, int]], stem: int, last: int, classes: int) -> None:
        super().__init__()
        conv = nn.Conv2d(channels, stem, 3, stride=2, padding=1, bias=False)
        self.stem = nn.Sequential(conv, nn.BatchNorm2d(stem), nn.ReLU(), nn.MaxPool2d(3, stride=2, padding=1))
        self.stages = nn.Sequential()
        inputs = stem
        for units, outputs in stages:
            self.stages.append(nn.Sequential(Reduction(inputs, outputs), *[Unit(outputs) for _ in range(units - 1)]))
            inputs = outputs
        self.head = nn.Sequential(*across(inputs, last))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(last, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        x = self.stem(x)  # (n, stem, h/4, w/4)
        x = self.head(self.stages(x))  # (n, last, h/32, w/32)
        logits: Tensor = self.fc(self.pool(x).flatten(1))
        return logits


def build(
    channels: int = 3,
    stages: Sequence[tuple[int, int]] = ((4, 116), (8, 232), (4, 464)),
    stem: int = 24,
    last: int = 1024,
    classes: int = 1000,
) -> ShuffleNetV2:
    """Return the network of width 1.0 (table 5 of the paper): 2,278,604 parameters.

    Args:
        channels: The channels of the images.
        stages: Of each stage the units and the channels, an even number. It begins by halving width and height.
        stem: The channels of the first layer.
        last: The channels of the last convolution.
        classes: How many logits.
    """
    return ShuffleNetV2(channels, stages, stem, last, classes)


def example() -> Example:
    """Return two units with 8 images of 16 × 16, two of each of four classes."""
    x, y = images(8, (1, 16, 16), classes=4)
    with seeded():
        model = build(1, ((2, 16),), stem=8, last=16, classes=4)
    return Example(model, x, y, loss="cross_entropy", optimizer="sgd:lr=0.25")
