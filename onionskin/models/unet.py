"""U-Net: sees the whole by shrinking the image, and says for every pixel what it is by growing it again.

Paper: Ronneberger, Fischer & Brox (2015), "U-Net: convolutional networks for biomedical image segmentation", arXiv
1505.04597. With padding, so that the answer is as large as the image, and two levels in place of four.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from onionskin.errors import OnionskinError
from onionskin.models import Example
from onionskin.models._batches import bars, seeded


class DoubleConv(nn.Module):
    """Two 3 × 3 convolutions, each with ReLU. Takes (n, inputs, h, w); gives (n, outputs, h, w)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the features."""
        x = self.conv1(x).relu()
        y: Tensor = self.conv2(x).relu()
        return y


class UNet(nn.Module):
    """Takes images, (n, channels, h, w), h and w multiples of 4; gives logits of every pixel, (n, classes, h, w)."""

    def __init__(self, channels: int, width: int, classes: int, up: str) -> None:
        super().__init__()
        self.down1 = DoubleConv(channels, width)
        self.down2 = DoubleConv(width, 2 * width)
        self.bottom = DoubleConv(2 * width, 4 * width)
        self.pool = nn.MaxPool2d(2)
        self.grow2 = grow(4 * width, 2 * width, up)
        self.up2 = DoubleConv(4 * width, 2 * width)
        self.grow1 = grow(2 * width, width, up)
        self.up1 = DoubleConv(2 * width, width)
        self.out = nn.Conv2d(width, classes, 1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")  # section 3 of the paper

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits; beside what has grown again stands what was there before it shrank."""
        fine = self.down1(x)  # (n, width, h, w)
        coarse = self.down2(self.pool(fine))  # (n, 2 width, h/2, w/2)
        y = self.bottom(self.pool(coarse))  # (n, 4 width, h/4, w/4)
        y = self.up2(torch.cat([coarse, self.grow2(y)], dim=1))  # (n, 2 width, h/2, w/2)
        y = self.up1(torch.cat([fine, self.grow1(y)], dim=1))  # (n, width, h, w)
        logits: Tensor = self.out(y)
        return logits


def grow(inputs: int, outputs: int, up: str) -> nn.Module:
    """Return what makes (n, inputs, h, w) into (n, outputs, 2 h, 2 w)."""
    if up == "transposed":
        return nn.ConvTranspose2d(inputs, outputs, 2, stride=2)  # the paper's "up-convolution"
    # Repeating or blending pixels first leaves no checkerboard where a transposed convolution's tiles meet.
    return nn.Sequential(nn.Upsample(scale_factor=2.0, mode=up), nn.Conv2d(inputs, outputs, 1))


def build(channels: int = 1, width: int = 8, classes: int = 2, up: str = "transposed") -> UNet:
    """Return the network: 29,330 parameters.

    Args:
        channels: The channels of the images.
        width: The channels of the first level; every level below has twice as many.
        classes: How many kinds of pixel there are.
        up: How an image grows: ``transposed``, ``nearest`` or ``bilinear``.

    Raises:
        OnionskinError: It cannot grow so.
    """
    if up not in ("transposed", "nearest", "bilinear"):
        raise OnionskinError(f"no image grows by '{up}'", fix="choose transposed, nearest or bilinear")
    return UNet(channels, width, classes, up)


def example() -> Example:
    """Return the network, growing by ``nearest``, with 4 images of 16 × 16: it finds the bar behind the noise."""
    clean = bars(4, size=16)
    noise = torch.from_numpy(np.random.default_rng(1).standard_normal(clean.shape)).float()
    x, y = clean + 0.25 * noise, clean[:, 0].long()
    with seeded():
        return Example(build(up="nearest"), x, y, loss="cross_entropy", optimizer="sgd:lr=0.03125,momentum=0.875")
