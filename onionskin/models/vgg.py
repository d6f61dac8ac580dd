"""VGG: nothing but 3 × 3 convolutions, pools, and depth.

Paper: Simonyan & Zisserman (2014), "Very deep convolutional networks for large-scale image recognition", arXiv
1409.1556. Two 3 × 3 see as far as one 5 × 5, with a ReLU more between them and fewer weights.
"""

from __future__ import annotations

from torch import Tensor, nn

from onionskin.errors import OnionskinError
from onionskin.models import Example
from onionskin.models._batches import images, seeded

#: How many convolutions each of the five stages has (table 1 of the paper: A, B, D and E).
CONVOLUTIONS = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}

#: How many times the channels of the first stage each has: it stops at 512.
WIDER = (1, 2, 4, 8, 8)


class VGG(nn.Module):
    """Takes images, (n, channels, h, w) of at least 32 × 32; gives logits, (n, classes)."""

    def __init__(
        self, depth: int, channels: int, width: int, hidden: int, classes: int, cells: int, dropout: float
    ) -> None:
        super().__init__()
        self.features = nn.Sequential()
        inputs = channels
        for convolutions, times in zip(CONVOLUTIONS[depth], WIDER, strict=True):
            for _ in range(convolutions):
                self.features.extend([nn.Conv2d(inputs, times * width, 3, padding=1), nn.ReLU()])
                inputs = times * width
            self.features.append(nn.MaxPool2d(2))
        self.pool = nn.AdaptiveAvgPool2d(cells)  # changes nothing where the image is of the expected size
        self.classifier = nn.Sequential(
            nn.Linear(inputs * cells**2, hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, classes),
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):  # without a norm, a signal would fade away on its way
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")  # He et al., 1502.01852
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]  # each of them has one

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        x = self.features(x)  # (n, 8 width, h/32, w/32)
        x = self.pool(x).flatten(1)  # (n, 8 width · cells²)
        logits: Tensor = self.classifier(x)
        return logits


def build(
    depth: int = 16,
    channels: int = 3,
    width: int = 64,
    hidden: int = 4096,
    classes: int = 1000,
    *,
    cells: int = 7,
    dropout: float = 0.5,
) -> VGG:
    """Return the network for photos of 224 × 224: 138,357,544 parameters for depth 16, the most of any here.

    Args:
        depth: How many layers have weights: 11, 13, 16 or 19.
        channels: The channels of the images.
        width: The channels of the first stage.
        hidden: The units of the two hidden layers behind the convolutions.
        classes: How many logits.
        cells: Into how many rows and columns of features the image is brought before these.
        dropout: The share of values dropped behind each.

    Raises:
        OnionskinError: There is no such depth.
    """
    if depth not in CONVOLUTIONS:
        raise OnionskinError(f"no VGG of depth {depth}", fix="choose depth 11, 13, 16 or 19")
    return VGG(depth, channels, width, hidden, classes, cells, dropout)


def example() -> Example:
    """Return a narrow one of depth 11 with 8 images of 32 × 32, two of each of four classes."""
    x, y = images(8, (1, 32, 32), classes=4)
    with seeded():
        model = build(11, 1, width=4, hidden=16, classes=4, cells=1, dropout=0.0)
    return Example(model, x, y, loss="cross_entropy", optimizer="sgd:lr=0.0078125,momentum=0.5")
