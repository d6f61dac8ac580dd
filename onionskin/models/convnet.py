"""A small network for small pictures: three convolutions that each halve them, and a mean over what is left.

Paper: Ioffe & Szegedy (2015), "Batch normalization", arXiv 1502.03167. The mean over all places, where LeNet has large
last layers, is Lin, Chen & Yan (2013), "Network in network", arXiv 1312.4400, section 3.2: so it takes any size.
"""

from __future__ import annotations

from torch import Tensor, nn

from onionskin.models import Example
from onionskin.models._batches import images, seeded


class ConvNet(nn.Module):
    """Takes (n, channels, h, w) pictures with h and w from 8 on; gives logits, (n, classes)."""

    def __init__(self, channels: int = 1, classes: int = 10, width: int = 32) -> None:
        super().__init__()
        # A bias before a BatchNorm would be subtracted with the mean: it has nothing to learn.
        self.conv1 = nn.Conv2d(channels, width, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, 2 * width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(2 * width)
        self.conv3 = nn.Conv2d(2 * width, 4 * width, 3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.pool = nn.MaxPool2d(2)
        self.mean = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(4 * width, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        # Pooling before the norm takes the same maxima of a quarter of the numbers, as long as its scale is positive.
        x = self.bn1(self.pool(self.conv1(x))).relu()  # (n, width, h/2, w/2)
        x = self.bn2(self.pool(self.conv2(x))).relu()  # (n, 2 width, h/4, w/4)
        x = self.bn3(self.pool(self.conv3(x))).relu()  # (n, 4 width, h/8, w/8)
        logits: Tensor = self.fc(self.mean(x).flatten(1))
        return logits


def build(channels: int = 1, classes: int = 10, width: int = 32) -> ConvNet:
    """Return the network: 94,186 parameters for grey pictures of ten classes."""
    return ConvNet(channels, classes, width)


def example() -> Example:
    """Return a narrow one with 4 pictures of 8 × 8 in grey, one of each of four classes."""
    x, y = images(4, (1, 8, 8), classes=4)
    with seeded():
        return Example(build(classes=4, width=4), x, y, loss="cross_entropy", optimizer="sgd:lr=0.03125,momentum=0.5")
