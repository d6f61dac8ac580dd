"""Elman network: a layer that is shown its own last state beside the next input, and so remembers.

Paper: Elman (1990), "Finding structure in time", Cognitive Science 14. With tanh, and trained through time.
"""

from __future__ import annotations

from torch import Tensor, nn

from onionskin.models import Example
from onionskin.models._batches import images, seeded


class Elman(nn.Module):
    """Takes sequences, (n, t, inputs); gives the logits of what they are, (n, classes)."""

    def __init__(self, inputs: int = 4, hidden: int = 16, classes: int = 3) -> None:
        super().__init__()
        # h_t = tanh(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh), from h_0 = 0
        self.rnn = nn.RNN(inputs, hidden, batch_first=True)
        self.out = nn.Linear(hidden, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits, from the state after the last input."""
        states, _ = self.rnn(x)  # (n, t, hidden): the state after each input
        logits: Tensor = self.out(states[:, -1])
        return logits


def build(inputs: int = 4, hidden: int = 16, classes: int = 3) -> Elman:
    """Return the network: 403 parameters."""
    return Elman(inputs, hidden, classes)


def example() -> Example:
    """Return the network with 12 sequences of 8 readings of 4 sensors, four of each of three kinds."""
    x, y = images(12, (8, 4), classes=3)
    with seeded():
        return Example(build(), x, y, loss="cross_entropy", optimizer="sgd:lr=0.125,momentum=0.5")
