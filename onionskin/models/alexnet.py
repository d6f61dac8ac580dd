"""AlexNet: the network that won ImageNet in 2012 and ended the age of features made by hand.

Paper: Krizhevsky, Sutskever & Hinton (2012), "ImageNet classification with deep convolutional neural networks". Its two
towers were there because one GPU's memory was too small; this is the single tower of Krizhevsky (2014), "One weird
trick for parallelizing convolutional neural networks", arXiv 1404.5997, as torchvision has it.
"""

from __future__ import annotations

from torch import Tensor, nn

from onionskin.models import Example
from onionskin.models._batches import images, seeded


class AlexNet(nn.Module):
    """Takes images, (n, channels, h, w) of at least 63 × 63; gives logits, (n, classes)."""

    def __init__(self, channels: int, width: int, hidden: int, classes: int, cells: int, dropout: float) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(channels, width, 11, stride=4, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2),  # its windows overlap by a pixel
            nn.Conv2d(width, 3 * width, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2),
            nn.Conv2d(3 * width, 6 * width, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(6 * width, 4 * width, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(4 * width, 4 * width, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2),
        )
        self.pool = nn.AdaptiveAvgPool2d(cells)  # changes nothing where the image is of the expected size
        self.classifier = nn.Sequential(  # nineteen of twenty parameters are here
            nn.Dropout(dropout),
            nn.Linear(4 * width * cells**2, hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        x = self.features(x)  # (n, 4 width, 6, 6) of photos of 224 × 224
        x = self.pool(x).flatten(1)  # (n, 4 width · cells²)
        logits: Tensor = self.classifier(x)
        return logits


def build(
    channels: int = 3, width: int = 64, hidden: int = 4096, classes: int = 1000, *, cells: int = 6, dropout: float = 0.5
) -> AlexNet:
    """Return the network for photos of 224 × 224: 61,100,840 parameters.

    Args:
        channels: The channels of the images.
        width: The channels of the first layer.
        hidden: The units of the two hidden layers behind the convolutions.
        classes: How many logits.
        cells: Into how many rows and columns of features the image is brought before these.
        dropout: The share of values dropped before each.
    """
    return AlexNet(channels, width, hidden, classes, cells, dropout)


def example() -> Example:
    """Return a narrow one with 8 images of 63 × 63, two of each of four classes."""
    x, y = images(8, (1, 63, 63), classes=4)
    with seeded():
        model = build(1, width=4, hidden=16, classes=4, cells=1, dropout=0.0)
    return Example(model, x, y, loss="cross_entropy", optimizer="adam:lr=0.00390625")
