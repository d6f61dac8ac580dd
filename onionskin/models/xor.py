"""XOR in nine parameters: the table that no single line divides, and two hidden units that do.

Paper: Rumelhart, Hinton & Williams (1986), "Learning representations by back-propagating errors", Nature 323. With
tanh in place of the logistic function in the hidden units, which takes fewer steps.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from onionskin.models import Example
from onionskin.models._batches import seeded


class XOR(nn.Module):
    """Two inputs, two hidden units, one output. Takes (n, 2); gives logits, (n, 1): above 0 means "they differ"."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(2, 2)
        self.out = nn.Linear(2, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        h = self.hidden(x).tanh()  # (n, 2)
        logits: Tensor = self.out(h)
        return logits


def build() -> XOR:
    """Return the network: 9 parameters."""
    return XOR()


def example() -> Example:
    """Return the network with the whole table, and weights that a pencil can begin from: they are halves and quarters.

    Weights that were equal in both hidden units would stay equal for ever; from these, sixty steps get all four rows
    right.
    """
    with seeded():
        model = build()
    with torch.no_grad():
        model.hidden.weight.copy_(torch.tensor([[0.5, -1.0], [-1.0, 0.75]]))
        model.hidden.bias.copy_(torch.tensor([-0.25, -0.25]))
        model.out.weight.copy_(torch.tensor([[1.0, 1.0]]))
        model.out.bias.copy_(torch.tensor([0.0]))
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
    return Example(model, x, y, loss="bce_with_logits", optimizer="sgd:lr=1.0")
