"""Bag of n-grams: which words and pieces of words a text holds, in no order. Fast, and hard to beat on long texts.

Paper: Joulin, Grave, Bojanowski & Mikolov (2016), "Bag of tricks for efficient text classification", arXiv 1607.01759,
with the pieces of words of Bojanowski et al. (2016), "Enriching word vectors with subword information", arXiv
1607.04606. A hash says which row of the table an n-gram has, so that there is no vocabulary to keep.
"""

# Shapes: n texts of m n-grams, d values an n-gram.

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from onionskin.models import Example
from onionskin.models._batches import seeded, strings


class BagOfNgrams(nn.Module):
    """Takes the rows of n-grams, (n, m) whole numbers, and what each counts, (n, m); gives (n, outputs)."""

    def __init__(self, rows: int, width: int, outputs: int, dropout: float) -> None:
        super().__init__()
        self.table = nn.EmbeddingBag(rows, width, mode="sum")
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(width, outputs)
        # A text is a sum over many rows: at the usual deviation of 1 it would begin as noise.
        nn.init.normal_(self.table.weight, std=width**-0.5)

    def forward(self, ngrams: Tensor, shares: Tensor) -> Tensor:
        """Return logits, or a number. What fills a short bag up counts 0."""
        text = functional.embedding_bag(ngrams, self.table.weight, per_sample_weights=shares, mode="sum")  # (n, d)
        out: Tensor = self.out(self.dropout(text))
        return out


def build(rows: int = 4096, width: int = 16, outputs: int = 2, *, dropout: float = 0.0) -> BagOfNgrams:
    """Return the network: 65,570 parameters.

    Args:
        rows: Of the table; n-grams that fall on the same one are the same to it.
        width: How many values an n-gram is.
        outputs: How many logits or numbers.
        dropout: The share of a text's values dropped.
    """
    return BagOfNgrams(rows, width, outputs, dropout)


def example() -> Example:
    """Return a small one with 12 texts of 6 n-grams, four of each of three classes."""
    ngrams = strings(12, 6, letters=24)
    shares = torch.full((12, 6), 0.5)
    shares[::4, 4:] = 0.0  # two of them are short
    with seeded():
        return Example(build(24, 8, 3), (ngrams, shares), torch.arange(12) % 3, optimizer="adam:lr=0.03125")
