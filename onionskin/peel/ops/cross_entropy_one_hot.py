"""Cross-entropy of logits (n, c, …) against a class number for each place (n, …), as what is wanted of every class.

What is wanted is 1 for the target's class and 0 for the others; class weights scale it, label smoothing spreads some of
it over all classes, and where the target is to be ignored nothing is wanted at all.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.trial import Call, Pick

KIND = "loss"
SENTENCE = "minus the log of each class's probability, times how much it is wanted"
FORMULA = (
    r"L = -\frac{1}{\sum_i w_{t_i}} \sum_{i,k} q_{ik} \log p_{ik}, \quad "
    r"q_{ik} = w_k \left((1-\varepsilon)\,[k = t_i] + \frac{\varepsilon}{c}\right), \qquad "
    r"\frac{\partial L}{\partial x_{ik}} = \frac{p_{ik} \sum_j q_{ij} - q_{ik}}{\sum_i w_{t_i}}"
)
SAVES = ("p", "wanted", "count")


def forward(
    x: Array, target: Array, weight: Array, reduction: str, label_smoothing: float, ignore_index: int | None
) -> Array:
    """-sum over the classes of wanted * log(softmax(x)), a mean over what counts."""
    c = x.shape[1]
    classes = np.arange(c).reshape(c, *[1] * (x.ndim - 2))
    hit = target[:, None] == classes
    if ignore_index is not None:
        hit = hit & (target[:, None] != ignore_index)
    wanted = np.zeros_like(x)
    wanted[hit] = 1
    if weight is not None:
        weight = weight.reshape(classes.shape)
        wanted *= weight
    count = wanted.sum()
    if label_smoothing:
        even = np.zeros_like(x) + hit.any(axis=1, keepdims=True)
        if weight is not None:
            even *= weight
        wanted = (1 - label_smoothing) * wanted + label_smoothing / c * even
    # The largest becomes 0, so that no exponential overflows.
    shifted = x - np.amax(x, axis=1, keepdims=True)
    p = np.exp(shifted)
    total = p.sum(axis=1, keepdims=True)
    p /= total
    losses = (wanted * (np.log(total) - shifted)).sum(axis=1)
    if reduction == "mean":
        return losses.sum() / count, p, wanted, count
    if reduction == "sum":
        return losses.sum(), p, wanted, count
    return losses, p, wanted, count


def d_x(dy: Array, p: Array, wanted: Array, count: Array, reduction: str) -> Array:
    """What was given to each class, less what was wanted."""
    dx = p * wanted.sum(axis=1, keepdims=True) - wanted
    if reduction == "mean":
        return dx / count * dy
    if reduction == "sum":
        return dx * dy
    return dx * dy[:, None]


def tensors(
    x: Tensor, target: Tensor, weight: Tensor | None, reduction: str, label_smoothing: float, ignore_index: int | None
) -> Tensor:
    return (
        F.cross_entropy(x, target, weight, reduction=reduction, label_smoothing=label_smoothing)
        if ignore_index is None
        else F.cross_entropy(
            x,
            target,
            weight,
            reduction=reduction,
            label_smoothing=label_smoothing,
            ignore_index=ignore_index,
        )
    )


def trial(pick: Pick) -> Call:
    n, c, places = pick(2, 4), pick(2, 5), pick.choice([(), (3,), (2, 2)])
    target = pick.whole(c, n, *places)
    ignore_index = pick.choice([None, -100, c - 1])
    if ignore_index is not None:
        target[0], target[1] = ignore_index, 0  # one to ignore, and one to count
    settings: dict[str, Any] = {"reduction": pick.choice(["mean", "sum", "none"])}
    settings["weight"] = pick.positive(c).detach() if pick(0, 1) else None
    # Without any of it, it is plain cross_entropy.
    settings["label_smoothing"] = pick.choice([0.0, 0.125] if places or ignore_index is not None else [0.125])
    settings["ignore_index"] = -100 if ignore_index is None else ignore_index
    return F.cross_entropy, (pick.normal(n, c, *places), target), settings
