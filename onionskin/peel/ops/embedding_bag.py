"""Bags of embeddings: the rows of a table that a bag's ids look up, joined: ids (n, m) to vectors (n, d).

Bags of several sizes, one after the other in a row with ``offsets`` where each begins, are ``embedding_bag_offsets``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from onionskin.errors import OnionskinError
from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "the rows that the ids of a bag look up, joined: their sum, mean or maximum"
FORMULA = (
    r"y_i = \sum_j s_{ij} W_{t_{ij}} \text{ or } \frac1m \sum_j W_{t_{ij}} \text{ or } \max_j W_{t_{ij}}, \qquad "
    r"\frac{\partial L}{\partial W_k} = \sum_{i,j:\, t_{ij} = k} \frac{\partial L}{\partial y_i} s_{ij}"
)
SPELLINGS = ("torch.nn.EmbeddingBag", "torch.nn.functional.embedding_bag")


def read(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Use:
    asked = {
        "max_norm": max_norm is not None,
        "scale_grad_by_freq": scale_grad_by_freq,
        "sparse": sparse,
        "padding_idx": padding_idx is not None,
    }
    for name, is_asked in asked.items():
        if is_asked:
            raise OnionskinError(f"fills bags with {name}", fix=f"make the nn.EmbeddingBag without {name}")
    operands = {"ids": input, "weight": weight, "shares": per_sample_weights}
    if offsets is None:
        return Use("embedding_bag", operands, {"mode": mode})
    return Use(
        "embedding_bag_offsets", {**operands, "offsets": offsets}, {"mode": mode, "has_end": include_last_offset}
    )


def forward(ids: Array, weight: Array, shares: Array, mode: str) -> Array:
    """The sum, mean or maximum of each bag's rows."""
    rows = weight[ids]  # (n, m, d)
    if shares is not None:
        rows = rows * shares[:, :, None]
    if mode == "sum":
        return rows.sum(axis=1)
    if mode == "mean":
        return rows.mean(axis=1)
    return np.amax(rows, axis=1)


def d_weight(dy: Array, ids: Array, weight: Array, shares: Array, mode: str) -> Array:
    """Every id of a bag hands its row what comes back to the bag."""
    dweight = np.zeros_like(weight)
    if mode == "max":
        # In each column the row with the largest entry alone, the first of equals.
        first = np.argmax(weight[ids], axis=1)
        bags = np.arange(len(ids))[:, None]
        np.add.at(dweight, (ids[bags, first], np.arange(weight.shape[1])), dy)
    else:
        drows = dy[:, None] / ids.shape[1] if mode == "mean" else dy[:, None]
        if shares is not None:
            drows = drows * shares[:, :, None]
        np.add.at(dweight, ids, drows)
    return dweight


def torch_d_weight(dy: Tensor, ids: Tensor, weight: Tensor, shares: Tensor | None, mode: str) -> Tensor:
    """Every id of a bag hands its row what comes back to the bag."""
    dweight = torch.zeros_like(weight)
    if mode == "max":
        # In each column the row with the largest entry alone, the first of equals.
        first = torch.argmax(weight[ids], dim=1)
        bags = torch.arange(len(ids))[:, None]
        place = ids[bags, first], torch.arange(weight.shape[1]).expand_as(first)
        dweight.index_put_(place, dy, accumulate=True)
    else:
        drows = dy[:, None] / ids.shape[1] if mode == "mean" else dy[:, None]
        if shares is not None:
            drows = drows * shares[:, :, None]
        dweight.index_put_((ids,), drows, accumulate=True)
    return dweight


def d_shares(dy: Array, ids: Array, weight: Array) -> Array:
    return (weight[ids] * dy[:, None]).sum(axis=2)


def tensors(ids: Tensor, weight: Tensor, shares: Tensor | None, mode: str) -> Tensor:
    return (
        F.embedding_bag(ids, weight, mode=mode)
        if shares is None
        else F.embedding_bag(ids, weight, mode=mode, per_sample_weights=shares)
    )


def trial(pick: Pick) -> Call:
    n, m, v, d = pick(1, 3), pick(1, 3), pick(1, 5), pick(1, 3)
    settings: dict[str, Any] = {"mode": pick.choice(["sum", "mean", "max"])}
    if settings["mode"] == "sum" and pick(0, 1):
        settings["per_sample_weights"] = pick.normal(n, m)
    return F.embedding_bag, (pick.whole(v, n, m), pick.normal(v, d)), settings
