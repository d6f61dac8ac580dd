"""RegNet: not one network but a rule for widths, found by asking which of thousands of random networks learn well.

Paper: Radosavovic, Kosaraju, Girshick, He & Dollár (2020), "Designing network design spaces", arXiv 2003.13678. X has
plain blocks, Y adds a gate for each channel. Blocks have no bottleneck: what the search found against the custom.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from onionskin.models import Example
from onionskin.models._batches import images, seeded
from onionskin.models._mobile import SqueezeExcitation

#: Of each stage the blocks and the channels. The rule is: block j has 24 + 24.48 j channels, brought to the nearest
#: of 24 · 2.54ᵏ, then to a multiple of the 16 channels of a group (equations 2 to 4). 400 million products.
X_400MF = ((1, 32), (2, 64), (7, 160), (12, 400))

#: 48 + 27.89 j, 48 · 2.09ᵏ, groups of 8.
Y_400MF = ((1, 48), (3, 104), (6, 208), (6, 440))


class Block(nn.Module):
    """1 × 1, 3 × 3 within groups, 1 × 1, and a shortcut. Takes (n, inputs, h, w); gives (n, outputs, h/stride, …)."""

    def __init__(self, inputs: int, outputs: int, stride: int, group: int, *, gated: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, stride, padding=1, groups=outputs // group, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.gates = SqueezeExcitation(outputs, round(inputs / 4), nn.ReLU, nn.Sigmoid) if gated else None
        self.conv3 = nn.Conv2d(outputs, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU()
        self.downsample: nn.Sequential | None = None
        if stride != 1 or inputs != outputs:
            projection = nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False)
            self.downsample = nn.Sequential(projection, nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Return the features."""
        shortcut = x if self.downsample is None else self.downsample(x)
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        if self.gates is not None:
            y = self.gates(y)
        summed: Tensor = self.relu(self.bn3(self.conv3(y)) + shortcut)
        return summed


class RegNet(nn.Module):
    """Takes images, (n, channels, h, w); gives logits, (n, classes)."""

    def __init__(
        self, channels: int, stages: Sequence[tuple[int, int]], group: int, stem: int, classes: int, *, gated: bool
    ) -> None:
        super().__init__()
        self.stem = nn.Conv2d(channels, stem, 3, stride=2, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(stem)
        self.relu = nn.ReLU()
        self.blocks = nn.Sequential()
        inputs = stem
        for count, outputs in stages:
            for i in range(count):
                self.blocks.append(Block(inputs, outputs, 1 if i else 2, group, gated=gated))
                inputs = outputs
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(inputs, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        x = self.relu(self.bn(self.stem(x)))  # (n, stem, h/2, w/2)
        x = self.blocks(x)  # (n, the last stage's channels, h/32, w/32)
        logits: Tensor = self.fc(self.pool(x).flatten(1))
        return logits


def build(
    channels: int = 3,
    stages: Sequence[tuple[int, int]] = X_400MF,
    group: int = 16,
    stem: int = 32,
    classes: int = 1000,
    *,
    gated: bool = False,
) -> RegNet:
    """Return RegNetX-400MF: 5,495,976 parameters. With ``Y_400MF``, groups of 8 and gates it is RegNetY-400MF.

    Args:
        channels: The channels of the images.
        stages: Of each stage the blocks and the channels; it begins by halving width and height.
        group: The channels of a group, within which the 3 × 3 looks; they divide the channels of each stage.
        stem: The channels of the first layer.
        classes: How many logits.
        gated: Whether each block has a gate for each channel, as Y has.
    """
    return RegNet(channels, stages, group, stem, classes, gated=gated)


def example() -> Example:
    """Return three narrow blocks with gates and 8 images of 16 × 16, two of each of four classes."""
    x, y = images(8, (1, 16, 16), classes=4)
    with seeded():
        model = build(1, ((1, 8), (2, 16)), group=4, stem=8, classes=4, gated=True)
    return Example(model, x, y, loss="cross_entropy", optimizer="sgd:lr=0.0625")
