"""LeNet, as one would write it today: two convolutions that look for strokes, two layers that decide.

Paper: LeCun, Bottou, Bengio & Haffner (1998), "Gradient-based learning applied to document recognition". With ReLU
and max pooling in place of the paper's scaled tanh and trainable subsampling.
"""

from __future__ import annotations

from torch import Tensor, nn

from onionskin.models import Example
from onionskin.models._batches import images, seeded


class LeNet(nn.Module):
    """Takes (n, 1, 28, 28) grey images; gives logits, (n, classes)."""

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, kernel_size=5)
        self.conv2 = nn.Conv2d(8, 16, kernel_size=5)
        self.pool = nn.MaxPool2d(2)
        self.fc1 = nn.Linear(16 * 4 * 4, 64)
        self.fc2 = nn.Linear(64, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        x = self.pool(self.conv1(x)).relu()  # (n, 8, 12, 12)
        x = self.pool(self.conv2(x)).relu()  # (n, 16, 4, 4)
        x = self.fc1(x.flatten(1)).relu()
        logits: Tensor = self.fc2(x)
        return logits


def build(classes: int = 10) -> LeNet:
    """Return the network: 20,522 parameters for ten classes."""
    return LeNet(classes=classes)


def example() -> Example:
    """Return the network with 10 images of 28 × 28, one of each class."""
    x, y = images(10, (1, 28, 28), classes=10)
    with seeded():
        return Example(build(), x, y, loss="cross_entropy", optimizer="sgd:lr=0.03125,momentum=0.5")
