"""MobileNetV3: the blocks of MobileNetV2 with gates, a soft ReLU made of straight lines, and a table found by search.

Paper: Howard et al. (2019), "Searching for MobileNetV3", arXiv 1905.02244.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from onionskin.errors import OnionskinError
from onionskin.models import Example
from onionskin.models._batches import images, seeded
from onionskin.models._mobile import SqueezeExcitation, in_eights

#: A block: kernel size, channels in the wide middle, channels given, gates, h-swish in place of ReLU, stride.
Row = tuple[int, int, int, bool, bool, int]

#: Table 2 of the paper.
SMALL: tuple[Row, ...] = (
    (3, 16, 16, True, False, 2),
    (3, 72, 24, False, False, 2),
    (3, 88, 24, False, False, 1),
    (5, 96, 40, True, True, 2),
    (5, 240, 40, True, True, 1),
    (5, 240, 40, True, True, 1),
    (5, 120, 48, True, True, 1),
    (5, 144, 48, True, True, 1),
    (5, 288, 96, True, True, 2),
    (5, 576, 96, True, True, 1),
    (5, 576, 96, True, True, 1),
)

#: Table 1.
LARGE: tuple[Row, ...] = (
    (3, 16, 16, False, False, 1),
    (3, 64, 24, False, False, 2),
    (3, 72, 24, False, False, 1),
    (5, 72, 40, True, False, 2),
    (5, 120, 40, True, False, 1),
    (5, 120, 40, True, False, 1),
    (3, 240, 80, False, True, 2),
    (3, 200, 80, False, True, 1),
    (3, 184, 80, False, True, 1),
    (3, 184, 80, False, True, 1),
    (3, 480, 112, True, True, 1),
    (3, 672, 112, True, True, 1),
    (5, 672, 160, True, True, 2),
    (5, 960, 160, True, True, 1),
    (5, 960, 160, True, True, 1),
)

#: By name: the blocks, and the units of the hidden layer before the logits.
SIZES = {"small": (SMALL, 1024), "large": (LARGE, 1280)}


class Block(nn.Module):
    """Widens, looks around in each channel, gates, narrows. Takes (n, inputs, h, w); gives (n, outputs, …)."""

    def __init__(self, inputs: int, row: Row) -> None:
        super().__init__()
        kernel, wide, outputs, has_gates, is_swish, stride = row
        self.expands = wide != inputs
        self.adds = stride == 1 and inputs == outputs
        if self.expands:
            self.expand = nn.Conv2d(inputs, wide, 1, bias=False)
            self.bn1 = batch_norm(wide)
        self.depthwise = nn.Conv2d(wide, wide, kernel, stride, padding=kernel // 2, groups=wide, bias=False)
        self.bn2 = batch_norm(wide)
        self.gates: SqueezeExcitation | None = None
        if has_gates:
            self.gates = SqueezeExcitation(wide, in_eights(wide // 4), nn.ReLU, nn.Hardsigmoid)
        self.project = nn.Conv2d(wide, outputs, 1, bias=False)
        self.bn3 = batch_norm(outputs)
        self.act = nn.Hardswish() if is_swish else nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Return the features."""
        y = self.act(self.bn1(self.expand(x))) if self.expands else x  # (n, wide, h, w)
        y = self.act(self.bn2(self.depthwise(y)))  # (n, wide, h/stride, w/stride)
        if self.gates is not None:
            y = self.gates(y)
        y = self.bn3(self.project(y))  # (n, outputs, …)
        out: Tensor = x + y if self.adds else y
        return out


class MobileNetV3(nn.Module):
    """Takes images, (n, channels, h, w); gives logits, (n, classes)."""

    def __init__(self, channels: int, rows: Sequence[Row], hidden: int, classes: int, dropout: float) -> None:
        super().__init__()
        inputs = 16
        self.stem = nn.Conv2d(channels, inputs, 3, stride=2, padding=1, bias=False)
        self.bn1 = batch_norm(inputs)
        self.act = nn.Hardswish()
        self.blocks = nn.Sequential()
        for row in rows:
            self.blocks.append(Block(inputs, row))
            inputs = row[2]
        self.head = nn.Conv2d(inputs, 6 * inputs, 1, bias=False)
        self.bn2 = batch_norm(6 * inputs)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Linear(6 * inputs, hidden)  # behind the pool, where it works once an image and not once a pixel
        self.dropout = nn.Dropout(dropout)
        self.fc2 = nn.Linear(hidden, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        x = self.act(self.bn1(self.stem(x)))  # (n, 16, h/2, w/2)
        x = self.blocks(x)  # (n, the last block's channels c, h/32, w/32)
        x = self.act(self.bn2(self.head(x)))  # (n, 6 c, h/32, w/32)
        x = self.act(self.fc1(self.pool(x).flatten(1)))  # (n, hidden)
        logits: Tensor = self.fc2(self.dropout(x))
        return logits


def batch_norm(channels: int) -> nn.BatchNorm2d:
    """Return the norm with the paper's settings: eps 0.001, and 0.99 of the running averages kept."""
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


def build(size: str = "small", channels: int = 3, classes: int = 1000, *, dropout: float = 0.2) -> MobileNetV3:
    """Return the network: 2,542,856 parameters where it is small; 5,483,032 where it is large.

    Args:
        size: ``small`` or ``large``.
        channels: The channels of the images.
        classes: How many logits.
        dropout: The share of values dropped before the last layer.

    Raises:
        OnionskinError: There is no such size.
    """
    if size not in SIZES:
        raise OnionskinError(f"no MobileNetV3 called '{size}'", fix="choose size small or large")
    rows, hidden = SIZES[size]
    return MobileNetV3(channels, rows, hidden, classes, dropout)


def example() -> Example:
    """Return three narrow blocks with 8 images of 16 × 16, two of each of four classes."""
    x, y = images(8, (1, 16, 16), classes=4)
    rows = ((3, 16, 8, True, False, 2), (3, 24, 8, False, True, 1), (5, 24, 8, True, True, 1))
    with seeded():
        model = MobileNetV3(1, rows, 16, 4, dropout=0.0)
    return Example(model, x, y, loss="cross_entropy", optimizer="sgd:lr=0.125")
