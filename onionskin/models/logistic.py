"""Softmax regression: one linear layer, the smallest network there is. What it cannot tell apart needs a hidden layer.

Paper: Cox (1958), "The regression analysis of binary sequences", Journal of the Royal Statistical Society B 20.
"""

from __future__ import annotations

from torch import Tensor, nn

from onionskin.models import Example
from onionskin.models._batches import images, seeded


class Logistic(nn.Module):
    """One score a class, linear in the pixels. Takes (n, …) with ``inputs`` values each; gives logits, (n, classes)."""

    def __init__(self, inputs: int = 64, classes: int = 10) -> None:
        super().__init__()
        self.out = nn.Linear(inputs, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits, (n, classes); the softmax that makes them probabilities is in the loss."""
        logits: Tensor = self.out(x.flatten(1))
        return logits


def build(inputs: int = 64, classes: int = 10) -> Logistic:
    """Return the network for 8 × 8 digits: 650 parameters."""
    return Logistic(inputs=inputs, classes=classes)


def example() -> Example:
    """Return the network with 20 images of 8 × 8, two of each of ten classes."""
    x, y = images(20, (1, 8, 8), classes=10)
    with seeded():
        return Example(build(), x, y, loss="cross_entropy", optimizer="sgd:lr=0.125")
