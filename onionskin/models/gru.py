"""GRU: the LSTM's idea with two gates and no separate memory. It reads words here, as numbers with an embedding each.

Paper: Cho, van Merriënboer, Gulcehre, Bahdanau, Bougares, Schwenk & Bengio (2014), "Learning phrase representations
using RNN encoder-decoder for statistical machine translation", arXiv 1406.1078.
"""

from __future__ import annotations

from torch import Tensor, nn

from onionskin.models import Example
from onionskin.models._batches import seeded, strings


class GRU(nn.Module):
    """Takes words, (n, t) whole numbers below ``vocabulary``; gives the logits of the text's kind, (n, classes)."""

    def __init__(self, vocabulary: int = 16, width: int = 8, hidden: int = 16, classes: int = 4) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.gru = nn.GRU(width, hidden, batch_first=True)
        self.out = nn.Linear(hidden, classes)

    def forward(self, words: Tensor) -> Tensor:
        """Return the logits, from the state after the last word."""
        x = self.embedding(words)  # (n, t, width)
        _, h = self.gru(x)  # (1, n, hidden)
        logits: Tensor = self.out(h.squeeze(0))
        return logits


def build(vocabulary: int = 16, width: int = 8, hidden: int = 16, classes: int = 4) -> GRU:
    """Return the network: 1,444 parameters."""
    return GRU(vocabulary, width, hidden, classes)


def example() -> Example:
    """Return the network with 16 texts of 8 words. The first tells the kind, and must be remembered to the end."""
    words = strings(16, 8, letters=16)
    kinds = words[:, 0] % 4
    with seeded():
        return Example(build(), words, kinds, loss="cross_entropy", optimizer="adam:lr=0.015625")
