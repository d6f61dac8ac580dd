"""Negative log-likelihood of log-probabilities (n, c, …) against a class number for each place (n, …), weighted."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.trial import Call, Pick

KIND = "loss"
SENTENCE = "minus the log-probability of the right class, by the weight of the class"
FORMULA = (
    r"L = -\frac{1}{\sum_i w_{t_i}} \sum_i w_{t_i} x_{i,t_i}, \qquad "
    r"\frac{\partial L}{\partial x_{ik}} = -\frac{w_k [k = t_i]}{\sum_i w_{t_i}}"
)
SAVES = ("wanted", "count")


def forward(x: Array, target: Array, weight: Array, reduction: str, ignore_index: int | None) -> Array:
    """-sum over the classes of wanted * x, a mean over what counts."""
    c = x.shape[1]
    classes = np.arange(c).reshape(c, *[1] * (x.ndim - 2))
    hit = target[:, None] == classes
    if ignore_index is not None:
        hit = hit & (target[:, None] != ignore_index)
    wanted = np.zeros_like(x)
    wanted[hit] = 1
    if weight is not None:
        wanted *= weight.reshape(classes.shape)
    count = wanted.sum()
    losses = -(wanted * x).sum(axis=1)
    if reduction == "mean":
        return losses.sum() / count, wanted, count
    if reduction == "sum":
        return losses.sum(), wanted, count
    return losses, wanted, count


def d_x(dy: Array, wanted: Array, count: Array, reduction: str) -> Array:
    return (
        -wanted / count * dy if reduction == "mean" else -wanted * dy if reduction == "sum" else -wanted * dy[:, None]
    )


def tensors(x: Tensor, target: Tensor, weight: Tensor | None, reduction: str, ignore_index: int | None) -> Tensor:
    return (
        F.nll_loss(x, target, weight, reduction=reduction)
        if ignore_index is None
        else F.nll_loss(x, target, weight, ignore_index=ignore_index, reduction=reduction)
    )


def trial(pick: Pick) -> Call:
    n, c, places = pick(2, 4), pick(2, 5), pick.choice([(), (3,), (2, 2)])
    target = pick.whole(c, n, *places)
    ignore_index = pick.choice([None, -100, c - 1])
    if ignore_index is not None:
        target[0], target[1] = ignore_index, 0  # one to ignore, and one to count
    settings: dict[str, Any] = {"reduction": pick.choice(["mean", "sum", "none"])}
    settings["weight"] = pick.positive(c).detach()
    settings["ignore_index"] = -100 if ignore_index is None else ignore_index
    return F.nll_loss, (pick.normal(n, c, *places), target), settings
