"""Multilayer perceptron: the smallest network that needs its non-linearity.

Paper: Rumelhart, Hinton & Williams (1986), "Learning representations by back-propagating errors", Nature 323.
"""

from __future__ import annotations

from torch import Tensor, nn

from onionskin.models import Example
from onionskin.models._batches import images, seeded


class MLP(nn.Module):
    """Two hidden layers. Takes images or rows, (n, …) with ``inputs`` values each; gives logits, (n, classes)."""

    def __init__(self, inputs: int = 64, hidden: int = 32, classes: int = 10) -> None:
        super().__init__()
        self.fc1 = nn.Linear(inputs, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        h = self.fc1(x.flatten(1)).relu()
        h = self.fc2(h).relu()
        logits: Tensor = self.out(h)
        return logits


def build(inputs: int = 64, classes: int = 10) -> MLP:
    """Return the network for 8 × 8 digits: 3,466 parameters."""
    return MLP(inputs=inputs, classes=classes)


def example() -> Example:
    """Return the network with 20 images of 8 × 8, two of each of ten classes."""
    x, y = images(20, (1, 8, 8), classes=10)
    with seeded():
        return Example(build(), x, y, loss="cross_entropy", optimizer="sgd:lr=0.125")
