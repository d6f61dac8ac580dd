"""SqueezeNet: as right as AlexNet with a fiftieth of its parameters.

Paper: Iandola, Han, Moskewicz, Ashraf, Dally & Keutzer (2016), "SqueezeNet: AlexNet-level accuracy with 50x fewer
parameters and <0.5MB model size", arXiv 1602.07360. This is the authors' version 1.1, which pools earlier and so
multiplies 2.4 times less. There is no linear layer: one convolution gives an image of each class, and its mean counts.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from onionskin.models import Example
from onionskin.models._batches import images, seeded


class Fire(nn.Module):
    """Squeezes the channels, and expands them by 1 × 1 and by 3 × 3. Takes (n, inputs, h, w); gives (n, 2 expand, …).

    The costly 3 × 3 reads only what was squeezed, and gives only a half of what comes out.
    """

    def __init__(self, inputs: int, squeeze: int, expand: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeeze, 1)
        self.expand1 = nn.Conv2d(squeeze, expand, 1)
        self.expand3 = nn.Conv2d(squeeze, expand, 3, padding=1)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Return both halves, side by side."""
        x = self.relu(self.squeeze(x))  # (n, squeeze, h, w)
        return torch.cat([self.relu(self.expand1(x)), self.relu(self.expand3(x))], dim=1)


class SqueezeNet(nn.Module):
    """Takes images, (n, channels, h, w) of at least 31 × 31; gives logits, (n, classes)."""

    def __init__(self, channels: int, width: int, classes: int, dropout: float) -> None:
        super().__init__()
        thin = width // 4
        self.features = nn.Sequential(
            nn.Conv2d(channels, width, 3, stride=2),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2),
            Fire(width, thin, width),
            Fire(2 * width, thin, width),
            nn.MaxPool2d(3, stride=2),
            Fire(2 * width, 2 * thin, 2 * width),
            Fire(4 * width, 2 * thin, 2 * width),
            nn.MaxPool2d(3, stride=2),
            Fire(4 * width, 3 * thin, 3 * width),
            Fire(6 * width, 3 * thin, 3 * width),
            Fire(6 * width, 4 * thin, 4 * width),
            Fire(8 * width, 4 * thin, 4 * width),
        )
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Conv2d(8 * width, classes, 1)
        self.relu = nn.ReLU()
        self.pool = nn.AdaptiveAvgPool2d(1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):  # without a norm, a signal would fade away on its way
                nn.init.kaiming_uniform_(module.weight, nonlinearity="relu")  # He et al., 1502.01852
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]  # each of them has one
        nn.init.normal_(self.classifier.weight, std=0.01)
        nn.init.ones_(self.classifier.bias)  # type: ignore[arg-type]  # above 0, where the ReLU behind it hears

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits. None is below 0: the paper has a ReLU behind the last convolution, too."""
        x = self.features(x)  # (n, 8 width, 13, 13) of photos of 224 × 224
        x = self.relu(self.classifier(self.dropout(x)))  # (n, classes, 13, 13)
        logits: Tensor = self.pool(x).flatten(1)
        return logits


def build(channels: int = 3, width: int = 64, classes: int = 1000, *, dropout: float = 0.5) -> SqueezeNet:
    """Return the network: 1,235,496 parameters.

    Args:
        channels: The channels of the images.
        width: The channels of the first layer, a multiple of 4.
        classes: How many logits.
        dropout: The share of values dropped before the last convolution.
    """
    return SqueezeNet(channels, width, classes, dropout)


def example() -> Example:
    """Return a narrow one with 8 images of 47 × 47, two of each of four classes."""
    x, y = images(8, (1, 47, 47), classes=4)
    with seeded():
        model = build(1, width=8, classes=4, dropout=0.0)
    return Example(model, x, y, loss="cross_entropy", optimizer="adam:lr=0.001953125")
