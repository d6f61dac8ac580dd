"""MnasNet: the blocks of MobileNetV2, with kernels and widths found by search for their time on a phone.

Paper: Tan, Chen, Pang, Vasudevan, Sandler, Howard & Le (2018), "MnasNet: platform-aware neural architecture search for
mobile", arXiv 1807.11626. This is B1, without squeeze-and-excitation.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from onionskin.models import Example
from onionskin.models._batches import images, seeded
from onionskin.models.mobilenet_v2 import MobileNetV2, Stage

#: The seven stages: blocks, kernel size, stride of the first block, expansion, channels.
STAGES: tuple[Stage, ...] = (
    (1, 3, 1, 1, 16),
    (3, 3, 2, 3, 24),
    (3, 5, 2, 3, 40),  # 5 × 5 costs a depthwise convolution little, and no person had tried it
    (3, 5, 2, 6, 80),
    (2, 3, 1, 6, 96),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


def build(
    channels: int = 3,
    width: float = 1.0,
    classes: int = 1000,
    stages: Sequence[Stage] = STAGES,
    *,
    dropout: float = 0.2,
    last: int = 1280,
) -> MobileNetV2:
    """Return the network, with ReLU where MobileNetV2 has ReLU6: 4,383,312 parameters.

    Args:
        channels: The channels of the images.
        width: By how much the channels of every layer are multiplied; they are then brought to a multiple of 8.
        classes: How many logits.
        stages: Of each stage the blocks, the kernel size, the first block's stride, the expansion and the channels.
        dropout: The share of values dropped before the last layer.
        last: The channels of the last convolution.
    """
    return MobileNetV2(channels, width, classes, stages, dropout, act=nn.ReLU, last=last)


def example() -> Example:
    """Return three narrow blocks with 8 images of 16 × 16, two of each of four classes."""
    x, y = images(8, (1, 16, 16), classes=4)
    with seeded():
        model = build(1, 0.25, 4, ((1, 3, 1, 1, 16), (2, 5, 2, 3, 24)), dropout=0.0, last=16)
    return Example(model, x, y, loss="cross_entropy", optimizer="sgd:lr=0.25")
