"""SVD++: what a person likes, read off what they rated, and not only learned as numbers of their own.

Paper: Koren (2008), "Factorization meets the neighborhood: a multifaceted collaborative filtering model", KDD '08,
equation 15, with the ratings in the sum as in its equation 13. What is known of users and items adds to their factors
and biases, as in Chen et al. (2012), "SVDFeature", JMLR 13.
"""

# Shapes: n pairs of a user and an item, f factors, a user features, b item features, m ratings in the history.

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from onionskin.models import Example
from onionskin.models._batches import seeded

#: The user, or item, of whom only features are known.
UNKNOWN = 0


class SVDPlusPlus(nn.Module):
    """Takes users and items, (n,), their features, (n, a) and (n, b), and ``own``, (n, 2); gives ratings, (n,).

    ``own`` is the share and the surprise with which a pair's item stands in its user's history, 0 and 0 if it does not:
    it is taken out again, for a rating must not be guessed from itself.
    """

    def __init__(
        self, users: int, items: int, user_features: int, item_features: int, history: int, factors: int, dropout: float
    ) -> None:
        super().__init__()
        self.user = nn.Embedding(users + 1, factors, padding_idx=UNKNOWN)
        self.item = nn.Embedding(items + 1, factors, padding_idx=UNKNOWN)
        self.chosen = nn.Embedding(items + 1, factors)  # y_j: what it says of a user to have chosen this item at all
        self.rated = nn.Embedding(items + 1, factors)  # x_j: what it says to have liked it more than was expected
        self.user_bias = nn.Embedding(users + 1, 1, padding_idx=UNKNOWN)
        self.item_bias = nn.Embedding(items + 1, 1, padding_idx=UNKNOWN)
        self.user_known = nn.Linear(user_features, factors, bias=False)
        self.item_known = nn.Linear(item_features, factors, bias=False)
        self.user_known_bias = nn.Linear(user_features, 1, bias=False)
        self.item_known_bias = nn.Linear(item_features, 1, bias=False)
        # Dropped factors cost a user of many ratings as often as they are trained: regularisation that goes by counts.
        self.dropout = nn.Dropout(dropout)
        self.seen: Tensor
        self.starts: Tensor
        self.shares: Tensor
        self.surprises: Tensor
        self.register_buffer("seen", torch.zeros(history, dtype=torch.int64))
        self.register_buffer("starts", torch.zeros(users + 1, dtype=torch.int64))
        self.register_buffer("shares", torch.zeros(history))
        self.register_buffer("surprises", torch.zeros(history))
        for factor in (self.user, self.item, self.chosen, self.rated):
            nn.init.normal_(factor.weight, std=0.1 if factor in (self.user, self.item) else 0.05)
        for known in (self.user_known, self.item_known):
            nn.init.normal_(known.weight, std=0.02)
        zeros = (self.user_bias, self.item_bias, self.user_known_bias, self.item_known_bias)
        for layer in zeros:
            nn.init.zeros_(layer.weight)
        with torch.no_grad():
            self.user.weight[UNKNOWN] = 0
            self.item.weight[UNKNOWN] = 0

        self.register_load_state_dict_post_hook(_check)  # type: ignore[no-untyped-call]

    def tastes(self, users: Tensor, user_features: Tensor, items: Tensor, own: Tensor) -> Tensor:
        """Return the factors of users, (n, f): own ones, their features', and those of all they rated but ``items``."""
        chosen = functional.embedding_bag(self.seen, self.chosen.weight, self.starts, mode="sum",
                                          per_sample_weights=self.shares)  # fmt: skip
        rated = functional.embedding_bag(self.seen, self.rated.weight, self.starts, mode="sum",
                                         per_sample_weights=self.surprises)  # fmt: skip
        itself = own[:, :1] * self.chosen(items) + own[:, 1:] * self.rated(items)
        p: Tensor = self.user(users) + self.user_known(user_features) + (chosen + rated)[users] - itself
        return p

    def traits(self, items: Tensor, item_features: Tensor) -> Tensor:
        """Return the factors of items, (n, f)."""
        q: Tensor = self.item(items) + self.item_known(item_features)
        return q

    def forward(
        self, users: Tensor, items: Tensor, user_features: Tensor, item_features: Tensor, own: Tensor
    ) -> Tensor:
        """Return b_u + b_i + p_u · q_i."""
        product = self.dropout(self.tastes(users, user_features, items, own) * self.traits(items, item_features))
        user_bias = self.user_bias(users) + self.user_known_bias(user_features)  # (n, 1)
        item_bias = self.item_bias(items) + self.item_known_bias(item_features)
        ratings: Tensor = (user_bias + item_bias).squeeze(1) + product.sum(1)
        return ratings

    @torch.no_grad()
    def remember(self, users: Tensor, items: Tensor, surprises: Tensor) -> Tensor:
        """Take up who rated what, and return ``own`` for each of these ratings, (m, 2).

        Args:
            users, items: (m,) whole numbers from 1 on, in any order.
            surprises: (m,) by how much each rating was above what was to be expected.
        """
        counts = torch.bincount(users, minlength=len(self.starts))
        order = torch.argsort(users, stable=True)
        own = torch.stack([torch.ones_like(surprises), surprises], 1) / counts[users].sqrt().unsqueeze(1)
        self.seen.copy_(items[order])
        self.starts.copy_(counts.cumsum(0) - counts)
        self.shares.copy_(own[order, 0])
        self.surprises.copy_(own[order, 1])
        return own


def _check(model: nn.Module, told: Any) -> None:
    """Refuse a history that points anywhere else, which a file of a stranger might hold. Raises RuntimeError."""
    assert isinstance(model, SVDPlusPlus)
    seen, starts = model.seen, model.starts
    is_history = bool((starts[1:] >= starts[:-1]).all()) and int(starts[0]) == 0 and int(starts[-1]) <= len(seen)
    if not is_history or bool(((seen < 0) | (seen >= model.item.num_embeddings)).any()):
        raise RuntimeError("its history points at items or places that are not there")


def build(
    users: int = 12, items: int = 16, user_features: int = 2, item_features: int = 3, history: int = 40,
    factors: int = 4, dropout: float = 0.0,
) -> SVDPlusPlus:  # fmt: skip
    """Return the network, with a history of nothing: 311 parameters.

    Args:
        users, items: How many there are; they are numbered from 1 on, and 0 is one that is unknown.
        user_features, item_features: How many numbers are known of each.
        history: How many ratings :meth:`SVDPlusPlus.remember` will be given.
        factors: How many numbers are learned for each.
        dropout: The share of factors that are dropped in training.
    """
    return SVDPlusPlus(users, items, user_features, item_features, history, factors, dropout)


def example() -> Example:
    """Return the network with 40 ratings that it remembers, made from two factors and biases that it must find."""
    stream = np.random.default_rng(0)
    pairs = stream.permutation(12 * 16)[:40]
    users, items = torch.from_numpy(pairs // 16 + 1), torch.from_numpy(pairs % 16 + 1)
    p, q = stream.standard_normal((13, 2)), stream.standard_normal((17, 2))
    biases = stream.standard_normal(13)[pairs // 16] + stream.standard_normal(17)[pairs % 16]
    ratings = torch.from_numpy((biases + (p[pairs // 16] * q[pairs % 16]).sum(1)) / 2).float()
    known = torch.from_numpy(p[pairs // 16]).float(), torch.from_numpy(q[pairs % 16] @ np.ones((2, 3))).float()
    with seeded():
        model = build()
    own = model.remember(users, items, ratings - ratings.mean())
    return Example(model, (users, items, *known, own), ratings, loss="mse", optimizer="adam:lr=0.0625")
