"""Bags of embeddings, of several sizes: ids (m,), one bag after the other, and the place where each begins, (n,).

A bag with nothing in it is a vector of zeros.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.trial import Call, Pick

SENTENCE = "the rows that the ids of a bag look up, joined: their sum, mean or maximum"
FORMULA = (
    r"y_i = \sum_{o_i \le j < o_{i+1}} s_j W_{t_j}, \text{ or their mean, or their maximum}, \qquad "
    r"\frac{\partial L}{\partial W_k} = \sum_{i,\, j:\, t_j = k} \frac{\partial L}{\partial y_i} s_j"
)


def forward(ids: Array, weight: Array, shares: Array, offsets: Array, mode: str, has_end: bool) -> Array:
    """The sum, mean or maximum of each bag's rows."""
    ends = offsets[1:] if has_end else [*offsets[1:], len(ids)]
    y = np.zeros((len(ends), weight.shape[1]), dtype=weight.dtype)
    for bag in range(len(ends)):
        start, end = offsets[bag], ends[bag]
        if start < end:
            rows = weight[ids[start:end]]
            if shares is not None:
                rows = rows * shares[start:end, None]
            if mode == "sum":
                y[bag] = rows.sum(axis=0)
            elif mode == "mean":
                y[bag] = rows.mean(axis=0)
            else:
                y[bag] = np.amax(rows, axis=0)
    return y


def d_weight(dy: Array, ids: Array, weight: Array, shares: Array, offsets: Array, mode: str, has_end: bool) -> Array:
    """Every id of a bag hands its row what comes back to the bag."""
    ends = offsets[1:] if has_end else [*offsets[1:], len(ids)]
    dweight = np.zeros_like(weight)
    for bag in range(len(ends)):
        start, end = offsets[bag], ends[bag]
        if mode == "max":
            if start < end:
                # In each column the row with the largest entry alone, the first of equals.
                first = np.argmax(weight[ids[start:end]], axis=0)
                dweight[ids[start + first], np.arange(weight.shape[1])] += dy[bag]
        else:
            for at in range(start, end):
                drow = dy[bag] / (end - start) if mode == "mean" else dy[bag]
                dweight[ids[at]] += drow if shares is None else drow * shares[at]
    return dweight


def d_shares(dy: Array, ids: Array, weight: Array, shares: Array, offsets: Array, has_end: bool) -> Array:
    """The product of an id's row with what comes back to its bag."""
    ends = offsets[1:] if has_end else [*offsets[1:], len(ids)]
    dshares = np.zeros_like(shares)
    for bag in range(len(ends)):
        start, end = offsets[bag], ends[bag]
        dshares[start:end] = weight[ids[start:end]] @ dy[bag]
    return dshares


def tensors(ids: Tensor, weight: Tensor, shares: Tensor | None, offsets: Tensor, mode: str, has_end: bool) -> Tensor:
    return (
        F.embedding_bag(ids, weight, offsets, mode=mode, include_last_offset=has_end)
        if shares is None
        else F.embedding_bag(
            ids,
            weight,
            offsets,
            mode=mode,
            per_sample_weights=shares,
            include_last_offset=has_end,
        )
    )


def trial(pick: Pick) -> Call:
    m, v, d, has_end = pick(1, 6), pick(1, 5), pick(1, 3), bool(pick(0, 1))
    begins = sorted(pick(0, m) for _ in range(pick(0, 3)))
    offsets = torch.tensor([0, *begins, m] if has_end else [0, *begins])
    settings: dict[str, Any] = {"mode": pick.choice(["sum", "mean", "max"]), "include_last_offset": has_end}
    if settings["mode"] == "sum" and pick(0, 1):
        settings["per_sample_weights"] = pick.normal(m)
    return F.embedding_bag, (pick.whole(v, m), pick.normal(v, d), offsets), settings
