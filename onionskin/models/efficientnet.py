"""EfficientNet-B0: MobileNetV2's blocks with gates and SiLU, in a table found by search and made to be scaled up.

Paper: Tan & Le (2019), "EfficientNet: rethinking model scaling for convolutional neural networks", arXiv 1905.11946.
Stochastic depth is left out. :mod:`onionskin.models.efficientnet_lite0` is the same table without the gates.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from onionskin.models import Example
from onionskin.models._batches import images, seeded
from onionskin.models._mobile import SqueezeExcitation
from onionskin.models.efficientnet_lite0 import STAGES

#: A stage: blocks, kernel size, stride of the first block, expansion, channels.
Stage = tuple[int, int, int, int, int]


class MBConv(nn.Module):
    """Widens, looks around in each channel, gates, narrows. Takes (n, inputs, h, w); gives (n, outputs, …)."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inputs * expansion
        self.expands = expansion != 1
        self.adds = stride == 1 and inputs == outputs
        if self.expands:
            self.expand = nn.Conv2d(inputs, wide, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(wide)
        self.depthwise = nn.Conv2d(wide, wide, kernel, stride, padding=kernel // 2, groups=wide, bias=False)
        self.bn2 = nn.BatchNorm2d(wide)
        self.gates = SqueezeExcitation(wide, max(1, inputs // 4), nn.SiLU, nn.Sigmoid)
        self.project = nn.Conv2d(wide, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.act = nn.SiLU()

    def forward(self, x: Tensor) -> Tensor:
        """Return the features."""
        y = self.act(self.bn1(self.expand(x))) if self.expands else x  # (n, wide, h, w)
        y = self.gates(self.act(self.bn2(self.depthwise(y))))  # (n, wide, h/stride, w/stride)
        y = self.bn3(self.project(y))  # (n, outputs, …)
        out: Tensor = x + y if self.adds else y
        return out


class EfficientNet(nn.Module):
    """Takes images, (n, channels, h, w); gives logits, (n, classes)."""

    def __init__(
        self, channels: int, stem: int, last: int, classes: int, stages: Sequence[Stage], dropout: float
    ) -> None:
        super().__init__()
        self.stem = nn.Conv2d(channels, stem, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(stem)
        self.act = nn.SiLU()
        self.blocks = nn.Sequential()
        inputs = stem
        for count, kernel, stride, expansion, outputs in stages:
            for i in range(count):
                self.blocks.append(MBConv(inputs, outputs, kernel, 1 if i else stride, expansion))
                inputs = outputs
        self.head = nn.Conv2d(inputs, last, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(last)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(last, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        x = self.act(self.bn1(self.stem(x)))  # (n, stem, h/2, w/2)
        x = self.blocks(x)  # (n, 320, h/32, w/32)
        x = self.act(self.bn2(self.head(x)))  # (n, last, h/32, w/32)
        logits: Tensor = self.fc(self.dropout(self.pool(x).flatten(1)))
        return logits


def build(
    channels: int = 3,
    stem: int = 32,
    last: int = 1280,
    classes: int = 1000,
    stages: Sequence[Stage] = STAGES,
    *,
    dropout: float = 0.2,
) -> EfficientNet:
    """Return B0: 5,288,548 parameters.

    Args:
        channels: The channels of the images.
        stem: The channels of the first layer.
        last: The channels of the last convolution.
        classes: How many logits.
        stages: Of each stage the blocks, the kernel size, the first block's stride, the expansion and the channels.
        dropout: The share of values dropped before the last layer.
    """
    return EfficientNet(channels, stem, last, classes, stages, dropout)


def example() -> Example:
    """Return three narrow blocks with 8 images of 16 × 16, two of each of four classes."""
    x, y = images(8, (1, 16, 16), classes=4)
    with seeded():
        model = build(1, 8, 16, 4, ((1, 3, 1, 1, 4), (2, 3, 2, 3, 8)), dropout=0.0)
    return Example(model, x, y, loss="cross_entropy", optimizer="sgd:lr=0.125")
