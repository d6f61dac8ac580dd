"""MobileNetV2: a shortcut joins the narrow ends of its blocks, and the wide middle is never kept.

Paper: Sandler, Howard, Zhu, Zhmoginov & Chen (2018), "MobileNetV2: inverted residuals and linear bottlenecks", arXiv
1801.04381.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from onionskin.models import Example
from onionskin.models._batches import images, seeded
from onionskin.models._mobile import in_eights

#: A stage: blocks, kernel size, stride of the first block, expansion, channels.
Stage = tuple[int, int, int, int, int]

#: The seven stages (table 2 of the paper).
STAGES: tuple[Stage, ...] = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (3, 3, 2, 6, 32),
    (4, 3, 2, 6, 64),
    (3, 3, 1, 6, 96),
    (3, 3, 2, 6, 160),
    (1, 3, 1, 6, 320),
)


class InvertedResidual(nn.Module):
    """Widens, looks around in each channel, narrows. Takes (n, inputs, h, w); gives (n, outputs, h/stride, w/stride).

    A ResNet's bottleneck is wide at its ends and narrow inside; this is the other way round.
    """

    def __init__(
        self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int, act: type[nn.Module] = nn.ReLU6
    ) -> None:
        super().__init__()
        wide = inputs * expansion
        self.expands = expansion != 1
        self.adds = stride == 1 and inputs == outputs
        if self.expands:
            self.expand = nn.Conv2d(inputs, wide, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(wide)
        self.depthwise = nn.Conv2d(wide, wide, kernel, stride, padding=kernel // 2, groups=wide, bias=False)
        self.bn2 = nn.BatchNorm2d(wide)
        self.project = nn.Conv2d(wide, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.act = act()

    def forward(self, x: Tensor) -> Tensor:
        """Return the features. The last convolution is linear: of so few channels a ReLU would lose too much."""
        y = self.act(self.bn1(self.expand(x))) if self.expands else x  # (n, wide, h, w)
        y = self.act(self.bn2(self.depthwise(y)))  # (n, wide, h/stride, w/stride)
        y = self.bn3(self.project(y))  # (n, outputs, …)
        out: Tensor = x + y if self.adds else y
        return out


class MobileNetV2(nn.Module):
    """Takes images, (n, channels, h, w); gives logits, (n, classes)."""

    def __init__(
        self,
        channels: int,
        width: float,
        classes: int,
        stages: Sequence[Stage],
        dropout: float,
        act: type[nn.Module] = nn.ReLU6,
        last: int = 1280,
    ) -> None:
        super().__init__()
        inputs = in_eights(32 * width)
        self.stem = nn.Conv2d(channels, inputs, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(inputs)
        self.act = act()
        self.blocks = nn.Sequential()
        for count, kernel, stride, expansion, full in stages:
            outputs = in_eights(full * width)
            for i in range(count):
                self.blocks.append(InvertedResidual(inputs, outputs, kernel, 1 if i else stride, expansion, act))
                inputs = outputs
        self.head = nn.Conv2d(inputs, last, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(last)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(last, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        x = self.act(self.bn1(self.stem(x)))  # (n, 32 width, h/2, w/2)
        x = self.blocks(x)  # (n, 320 width, h/32, w/32)
        x = self.act(self.bn2(self.head(x)))  # (n, last, h/32, w/32)
        logits: Tensor = self.fc(self.dropout(self.pool(x).flatten(1)))
        return logits


def build(
    channels: int = 3,
    width: float = 1.0,
    classes: int = 1000,
    stages: Sequence[Stage] = STAGES,
    *,
    dropout: float = 0.2,
    last: int = 1280,
) -> MobileNetV2:
    """Return the network: 3,504,872 parameters.

    Args:
        channels: The channels of the images.
        width: By how much the channels of every layer are multiplied; they are then brought to a multiple of 8.
        classes: How many logits.
        stages: Of each stage the blocks, the kernel size, the first block's stride, the expansion and the channels.
        dropout: The share of values dropped before the last layer.
        last: The channels of the last convolution, which the width leaves alone.
    """
    return MobileNetV2(channels, width, classes, stages, dropout, last=last)


def example() -> Example:
    """Return three narrow blocks with 8 images of 16 × 16, two of each of four classes."""
    x, y = images(8, (1, 16, 16), classes=4)
    with seeded():
        model = build(1, 0.25, 4, ((1, 3, 1, 1, 16), (2, 3, 2, 3, 24)), dropout=0.0, last=16)
    return Example(model, x, y, loss="cross_entropy", optimizer="sgd:lr=0.25")
