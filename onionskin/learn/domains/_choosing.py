"""Choices without ratings: what somebody chose, against everything that they did not choose."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor, nn

from onionskin.models.svdpp import SVDPlusPlus


@final
class Choosing(nn.Module):
    """Takes users, what they chose, and c others; gives scores, (n, 1 + c), what was chosen first.

    What is barred has −∞.

    Args:
        model: Gives tastes and traits; its weights are trained.
    """

    def __init__(self, model: SVDPlusPlus) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, users: Tensor, items: Tensor, user_features: Tensor, item_features: Tensor, own: Tensor,
        others: Tensor, other_features: Tensor, barred: Tensor,
    ) -> Tensor:  # fmt: skip
        """Return the scores.

        Args:
            users, items, user_features, item_features, own: As the model takes them.
            others: (c,) items that were not chosen, the same for everybody.
            other_features: (c, b) what is known of them.
            barred: (n, c) which of the others are out of the question: chosen as well.
        """
        m = self.model
        p = m.dropout(m.tastes(users, user_features, items, own))
        chosen = (p * m.traits(items, item_features)).sum(1, keepdim=True)
        chosen = chosen + m.item_bias(items) + m.item_known_bias(item_features)
        rest = p @ m.traits(others, other_features).T + (m.item_bias(others) + m.item_known_bias(other_features)).T
        return torch.cat([chosen, rest.masked_fill(barred, -torch.inf)], 1)
