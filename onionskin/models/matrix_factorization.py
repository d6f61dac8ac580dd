"""Matrix factorisation: a few numbers for every user and every item, whose product is how much the one likes the other.

Paper: Koren, Bell & Volinsky (2009), "Matrix factorization techniques for recommender systems", IEEE Computer 42(8).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from onionskin.models import Example
from onionskin.models._batches import seeded


class MatrixFactorization(nn.Module):
    """Takes users and items, whole numbers of (n,) each; gives ratings, (n,)."""

    def __init__(self, users: int = 12, items: int = 16, factors: int = 4) -> None:
        super().__init__()
        self.user = nn.Embedding(users, factors)
        self.item = nn.Embedding(items, factors)
        self.user_bias = nn.Embedding(users, 1)
        self.item_bias = nn.Embedding(items, 1)
        self.mean = nn.Parameter(torch.zeros(1))
        for factor in (self.user, self.item):
            nn.init.normal_(factor.weight, std=0.5)  # drawn from ±1, the products would begin larger than the ratings
        for bias in (self.user_bias, self.item_bias):
            nn.init.zeros_(bias.weight)

    def forward(self, users: Tensor, items: Tensor) -> Tensor:
        """Return μ + b_u + b_i + p_u · q_i, equation 4 of the paper."""
        product = (self.user(users) * self.item(items)).sum(dim=1)  # (n,)
        biases = self.user_bias(users).squeeze(1) + self.item_bias(items).squeeze(1)  # (n,)
        ratings: Tensor = self.mean + biases + product
        return ratings


def build(users: int = 12, items: int = 16, factors: int = 4) -> MatrixFactorization:
    """Return the network: 141 parameters."""
    return MatrixFactorization(users, items, factors)


def example() -> Example:
    """Return the network with 32 ratings, made from two factors and a bias of each user and item that it must find."""
    stream = np.random.default_rng(0)
    users, items = stream.integers(12, size=32), stream.integers(16, size=32)
    p, q = stream.standard_normal((12, 2)), stream.standard_normal((16, 2))
    b_user, b_item = stream.standard_normal(12), stream.standard_normal(16)
    ratings = 3 + (b_user[users] + b_item[items] + (p[users] * q[items]).sum(axis=1)) / 2
    inputs = torch.from_numpy(users), torch.from_numpy(items)
    with seeded():
        return Example(build(), inputs, torch.from_numpy(ratings).float(), loss="mse", optimizer="adam:lr=0.0625")
