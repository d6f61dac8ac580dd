"""GoogLeNet: looks at each place at several sizes at once, and lets the next layer choose.

Paper: Szegedy et al. (2014), "Going deeper with convolutions", arXiv 1409.4842. With a BatchNorm behind every
convolution (Ioffe & Szegedy, arXiv 1502.03167), and so without the two side outputs that helped the gradient before.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from onionskin.models import Example
from onionskin.models._batches import images, seeded

#: Channels of an inception: of the 1 × 1; squeezed for, and given by the middle branch; the large one; of the pool.
Row = tuple[int, int, int, int, int, int]

#: Three stages with a pool between them (table 1 of the paper).
STAGES: tuple[tuple[Row, ...], ...] = (
    ((64, 96, 128, 16, 32, 32), (128, 128, 192, 32, 96, 64)),
    (
        (192, 96, 208, 16, 48, 64),
        (160, 112, 224, 24, 64, 64),
        (128, 128, 256, 24, 64, 64),
        (112, 144, 288, 32, 64, 64),
        (256, 160, 320, 32, 128, 128),
    ),
    ((256, 160, 320, 32, 128, 128), (384, 192, 384, 48, 128, 128)),
)


class Inception(nn.Module):
    """Four branches, side by side. Takes (n, inputs, h, w); gives (n, the sum of what they give, h, w)."""

    def __init__(self, inputs: int, row: Row) -> None:
        super().__init__()
        one, to_middle, middle, to_large, large, pooled = row
        self.one = convolution(inputs, one, 1)
        self.middle = nn.Sequential(convolution(inputs, to_middle, 1), convolution(to_middle, middle, 3))
        # 5 × 5 in the paper. Weights that were trained and handed on have 3 × 3, and so have all published counts.
        self.large = nn.Sequential(convolution(inputs, to_large, 1), convolution(to_large, large, 3))
        self.pooled = nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), convolution(inputs, pooled, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Return the features."""
        return torch.cat([self.one(x), self.middle(x), self.large(x), self.pooled(x)], dim=1)


def convolution(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """Return a convolution, BatchNorm and ReLU."""
    conv = nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs, eps=1e-3), nn.ReLU())


class GoogLeNet(nn.Module):
    """Takes images, (n, channels, h, w); gives logits, (n, classes)."""

    def __init__(
        self, channels: int, width: int, classes: int, stages: Sequence[Sequence[Row]], dropout: float
    ) -> None:
        super().__init__()
        inputs = 3 * width
        self.stem = nn.Sequential(
            convolution(channels, width, 7, stride=2),
            nn.MaxPool2d(3, stride=2, padding=1),
            convolution(width, width, 1),
            convolution(width, inputs, 3),
        )
        self.blocks = nn.Sequential()
        for rows in stages:
            self.blocks.append(nn.MaxPool2d(3, stride=2, padding=1))
            for row in rows:
                self.blocks.append(Inception(inputs, row))
                inputs = row[0] + row[2] + row[4] + row[5]
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(inputs, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        x = self.stem(x)  # (n, 3 width, h/4, w/4)
        x = self.blocks(x)  # (n, 1024, h/32, w/32)
        logits: Tensor = self.fc(self.dropout(self.pool(x).flatten(1)))
        return logits


def build(
    channels: int = 3,
    width: int = 64,
    classes: int = 1000,
    stages: Sequence[Sequence[Row]] = STAGES,
    *,
    dropout: float = 0.2,
) -> GoogLeNet:
    """Return the network: 6,624,904 parameters.

    Args:
        channels: The channels of the images.
        width: The channels of the first layer.
        classes: How many logits.
        stages: The inceptions of each stage, before which width and height are halved.
        dropout: The share of values dropped before the last layer.
    """
    return GoogLeNet(channels, width, classes, stages, dropout)


def example() -> Example:
    """Return two inceptions with 8 images of 16 × 16, two of each of four classes."""
    x, y = images(8, (1, 16, 16), classes=4)
    with seeded():
        model = build(1, 4, 4, (((4, 4, 6, 2, 4, 2), (4, 4, 6, 2, 4, 2)),), dropout=0.0)
    return Example(model, x, y, loss="cross_entropy", optimizer="sgd:lr=0.125")
