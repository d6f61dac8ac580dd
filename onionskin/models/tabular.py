"""A network for tables: numbers cut into pieces, categories as learned points, and a plain perceptron over both.

A perceptron on bare numbers loses to trees, which cut a column wherever it helps. Encoded piece by piece, it can, too:
each number becomes a row of shares, one for every piece of its range, that fill up one after the other.

Paper: Gorishniy, Rubachev & Babenko (2022), "On embeddings for numerical features in tabular deep learning", arXiv
2203.05556 (equation 1, with pieces that end at quantiles); for categories Guo & Berkhahn (2016), arXiv 1604.06737.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from onionskin.models import Example
from onionskin.models._batches import seeded

#: A number this many deviations from its mean counts as no further away.
FARTHEST = 5.0


class Tabular(nn.Module):
    """Takes standardised numbers, (n, numbers), and codes of categories, (n, columns), one range of codes a column.

    Gives logits or numbers, (n, outputs).

    Args:
        edges: For each column of numbers, where its pieces begin and end, rising.
        categories: How many codes there are, of all columns together.
        columns: How many columns of categories there are; without any, the second input is left out.
        outputs: The numbers that it gives.
        width: The values that a category is.
        hidden: The units of each of the ``depth`` hidden layers.
        dropout: The share of hidden units that are left out while training.
    """

    left: Tensor
    span: Tensor
    column: Tensor

    def __init__(
        self,
        edges: Sequence[Sequence[float]],
        categories: int,
        columns: int,
        outputs: int,
        *,
        width: int = 8,
        hidden: int = 256,
        depth: int = 2,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        pieces = [(left, right - left, i) for i, cuts in enumerate(edges) for left, right in pairwise(cuts)]
        # For each piece: where it begins, how long it is, and the column that it is a piece of.
        self.register_buffer("left", torch.tensor([left for left, _, _ in pieces]))
        self.register_buffer("span", torch.tensor([span for _, span, _ in pieces]))
        self.register_buffer("column", torch.tensor([i for _, _, i in pieces]))
        self.embedding = nn.Embedding(categories, width) if columns else None
        sizes = [len(pieces) + len(edges) + columns * width, *[hidden] * depth]
        layers: list[nn.Module] = []
        for i in range(depth):
            layers += [nn.Linear(sizes[i], hidden), nn.ReLU()]
            if dropout:
                layers.append(nn.Dropout(dropout))
        self.body = nn.Sequential(*layers, nn.Linear(hidden, outputs))

    def forward(self, numbers: Tensor, categories: Tensor | None = None) -> Tensor:
        """Return logits or numbers, (n, outputs)."""
        own = numbers.index_select(1, self.column)  # (n, pieces): each piece's number
        pieces = ((own - self.left) / self.span).clamp(0.0, 1.0)  # equation 1, flat on both ends
        parts = [pieces, numbers.clamp(-FARTHEST, FARTHEST)]
        if self.embedding is not None and categories is not None:
            parts.append(self.embedding(categories).flatten(1))
        outputs: Tensor = self.body(torch.cat(parts, dim=1))
        return outputs


def build(
    edges: Sequence[Sequence[float]] = ((-2.0, -0.5, 0.0, 0.5, 2.0),) * 2,
    categories: int = 4,
    columns: int = 1,
    outputs: int = 2,
    *,
    width: int = 2,
    hidden: int = 12,
    depth: int = 1,
    dropout: float = 0.0,
) -> Tabular:
    """Return the network: 190 parameters.

    Args:
        edges: For each column of numbers, where its pieces begin and end, rising.
        categories: How many codes of categories there are, of all columns together.
        columns: How many columns of categories there are.
        outputs: The numbers that it gives.
        width: The values that a category is.
        hidden: The units of each hidden layer.
        depth: The hidden layers.
        dropout: The share of hidden units that are left out while training.
    """
    return Tabular(edges, categories, columns, outputs, width=width, hidden=hidden, depth=depth, dropout=dropout)


def example() -> Example:
    """Return the network with 32 rows, whose class hangs on a category and on whether a number is in a middle range."""
    stream = np.random.default_rng(0)
    numbers = stream.standard_normal((32, 2)).clip(-2, 2)
    categories = stream.integers(4, size=(32, 1))
    y = (np.abs(numbers[:, 0]) < 0.6) != (categories[:, 0] == 3)
    inputs = torch.from_numpy(numbers).float(), torch.from_numpy(categories)
    with seeded():
        return Example(build(), inputs, torch.from_numpy(y.astype(np.int64)), optimizer="adam:lr=0.0625")
