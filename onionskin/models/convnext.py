"""ConvNeXt: a ResNet with everything that vision transformers had made usual, except attention.

Paper: Liu, Mao, Wu, Feichtenhofer, Darrell & Xie (2022), "A ConvNet for the 2020s", arXiv 2201.03545. Patches in
place of a stem, LayerNorm, GELU, one wide MLP a block, large kernels. Stochastic depth is left out.
"""

# Shapes: n images of d channels, (n, d, h, w), which some layers want last: (n, h, w, d).

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from onionskin.models import Example
from onionskin.models._batches import images, seeded


class Block(nn.Module):
    """A 7 × 7 in each channel, then an MLP at each pixel, added to what came in. Takes, gives (n, d, h, w)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.ln = nn.LayerNorm(width, eps=1e-6)
        self.fc1 = nn.Linear(width, 4 * width)
        self.gelu = nn.GELU()
        self.fc2 = nn.Linear(4 * width, width)
        self.scale = nn.Parameter(torch.full((width,), 1e-6))  # so that a block begins by doing next to nothing

    def forward(self, x: Tensor) -> Tensor:
        """Return the features (figure 4 of the paper, on the right)."""
        y = self.depthwise(x).permute(0, 2, 3, 1)  # (n, h, w, d)
        y = self.fc2(self.gelu(self.fc1(self.ln(y)))) * self.scale
        out: Tensor = x + y.permute(0, 3, 1, 2)
        return out


class ChannelNorm(nn.Module):
    """A LayerNorm over the channels of each pixel. Takes, gives (n, d, h, w)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.ln = nn.LayerNorm(width, eps=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        """Return the normalised channels."""
        y: Tensor = self.ln(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return y


class ConvNeXt(nn.Module):
    """Takes images, (n, channels, h, w); gives logits, (n, classes)."""

    def __init__(self, channels: int, stages: Sequence[tuple[int, int]], classes: int) -> None:
        super().__init__()
        self.stages = nn.Sequential()
        inputs = 0
        for blocks, width in stages:
            if not inputs:
                smaller = nn.Sequential(nn.Conv2d(channels, width, 4, stride=4), ChannelNorm(width))
            else:
                smaller = nn.Sequential(ChannelNorm(inputs), nn.Conv2d(inputs, width, 2, stride=2))
            self.stages.append(nn.Sequential(smaller, *[Block(width) for _ in range(blocks)]))
            inputs = width
        self.ln = nn.LayerNorm(inputs, eps=1e-6)
        self.fc = nn.Linear(inputs, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]  # each of them has one

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        x = self.stages(x)  # (n, the last stage's width d, h/32, w/32)
        x = self.ln(x.mean(dim=(2, 3)))  # (n, d)
        logits: Tensor = self.fc(x)
        return logits


def build(
    channels: int = 3,
    stages: Sequence[tuple[int, int]] = ((3, 96), (3, 192), (9, 384), (3, 768)),
    classes: int = 1000,
) -> ConvNeXt:
    """Return ConvNeXt-T: 28,589,128 parameters.

    Args:
        channels: The channels of the images.
        stages: Of each stage the blocks and the channels. The first makes width and height a quarter, others a half.
        classes: How many logits.
    """
    return ConvNeXt(channels, stages, classes)


def example() -> Example:
    """Return two narrow blocks with 8 images of 16 × 16, two of each of four classes."""
    x, y = images(8, (1, 16, 16), classes=4)
    with seeded():
        model = build(1, ((1, 8), (1, 16)), classes=4)
    return Example(model, x, y, loss="cross_entropy", optimizer="adam:lr=0.0078125")
