"""Wide & deep: a linear part that remembers exceptions, and a deep part that knows the rule.

Paper: Cheng et al. (2016), "Wide & deep learning for recommender systems", arXiv 1606.07792.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from onionskin.models import Example
from onionskin.models._batches import seeded


class WideDeep(nn.Module):
    """Takes rows of a table: two columns of categories, (n, 2) whole numbers, and of numbers, (n, numbers).

    Gives logits, (n,).
    """

    def __init__(self, categories: int = 6, numbers: int = 3, width: int = 4, hidden: int = 16) -> None:
        super().__init__()
        self.categories = categories
        # One weight for every value of a column, and for every pair of values: the crossed features of section 3.1.
        self.wide = nn.EmbeddingBag(2 * categories + categories**2, 1, mode="sum")
        self.first = nn.Embedding(categories, width)
        self.second = nn.Embedding(categories, width)
        self.deep = nn.Sequential(nn.Linear(2 * width + numbers, hidden), nn.ReLU(), nn.Linear(hidden, 1))

    def forward(self, columns: Tensor, numbers: Tensor) -> Tensor:
        """Return the sum of both parts' logits, so that they are trained together (equation 3)."""
        a, b = columns[:, 0], columns[:, 1]
        k = self.categories
        bag = torch.stack([a, k + b, 2 * k + k * a + b], dim=1)  # (n, 3): a's weight, b's, and the pair's
        x = torch.cat([self.first(a), self.second(b), numbers], dim=1)  # (n, 2 width + numbers)
        logits: Tensor = self.wide(bag) + self.deep(x)  # (n, 1)
        return logits.squeeze(1)


def build(categories: int = 6, numbers: int = 3, width: int = 4, hidden: int = 16) -> WideDeep:
    """Return the network: 305 parameters.

    Args:
        categories: How many values each of the two columns of categories has.
        numbers: How many columns of numbers there are.
        width: The values of an embedding.
        hidden: The units of the deep part.
    """
    return WideDeep(categories, numbers, width, hidden)


def example() -> Example:
    """Return the network with 32 rows that follow a rule in their numbers, with exceptions for some pairs."""
    stream = np.random.default_rng(0)
    columns = stream.integers(6, size=(32, 2))
    numbers = stream.standard_normal((32, 3))
    rule = numbers[:, 0] > numbers[:, 1] * numbers[:, 2]
    excepted = (columns[:, 0] + columns[:, 1]) % 5 == 0
    y = torch.from_numpy(rule != excepted).float()
    inputs = torch.from_numpy(columns), torch.from_numpy(numbers).float()
    with seeded():
        return Example(build(), inputs, y, loss="bce_with_logits", optimizer="adam:lr=0.0625")
