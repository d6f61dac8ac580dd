"""LSTM: a memory that is added to, and gates that decide what enters it, what stays and what is shown.

Paper: Hochreiter & Schmidhuber (1997), "Long short-term memory", Neural Computation 9. With the forget gate of Gers,
Schmidhuber & Cummins (2000), as everybody has used it since.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from onionskin.models import Example
from onionskin.models._batches import images, seeded


class LSTM(nn.Module):
    """Layers of LSTM. Takes sequences, (n, t, inputs); gives the logits of what they are, (n, classes)."""

    def __init__(self, inputs: int, hidden: int, layers: int, classes: int, bidirectional: bool) -> None:
        super().__init__()
        self.lstm = nn.LSTM(inputs, hidden, layers, batch_first=True, bidirectional=bidirectional)
        self.bidirectional = bidirectional
        self.out = nn.Linear(2 * hidden if bidirectional else hidden, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits, from the last layer's state after the last input."""
        _, (h, _) = self.lstm(x)  # (layers · directions, n, hidden)
        # The backward direction has read everything when it stands at the first input.
        last = torch.cat([h[-2], h[-1]], dim=1) if self.bidirectional else h[-1]
        logits: Tensor = self.out(last)
        return logits


def build(inputs: int = 4, hidden: int = 16, layers: int = 2, classes: int = 3, *, bidirectional: bool = False) -> LSTM:
    """Return the network: 3,635 parameters.

    Args:
        inputs: The values of a sequence at each moment.
        hidden: The values of the memory, in each layer and direction.
        layers: How many layers, each of which reads the states of the last.
        classes: How many logits.
        bidirectional: Whether every layer reads from both ends.
    """
    return LSTM(inputs, hidden, layers, classes, bidirectional)


def example() -> Example:
    """Return the network with 12 sequences of 8 readings of 4 sensors, four of each of three kinds."""
    x, y = images(12, (8, 4), classes=3)
    with seeded():
        return Example(build(), x, y, loss="cross_entropy", optimizer="adam:lr=0.015625")
