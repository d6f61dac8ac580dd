"""Cross-entropy of logits (n, c, …) against probabilities (n, c, …): mixed labels, or what a teacher says."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.trial import Call, Pick

KIND = "loss"
SENTENCE = "minus the log of each class's probability, times the probability wanted of it"
FORMULA = (
    r"L = -\frac1n \sum_{i,k} q_{ik} \log p_{ik}, \qquad "
    r"\frac{\partial L}{\partial x_{ik}} = \frac{p_{ik} \sum_j q_{ij} - q_{ik}}{n}"
)
SAVES = ("q", "log_p")


def forward(x: Array, target: Array, weight: Array, reduction: str, label_smoothing: float) -> Array:
    """-sum over the classes of q * log(softmax(x)), a mean over the examples."""
    q = target
    if label_smoothing:
        q = (1 - label_smoothing) * q + label_smoothing / x.shape[1]
    if weight is not None:
        q = q * weight.reshape(-1, *[1] * (x.ndim - 2))
    # The largest becomes 0, so that no exponential overflows.
    shifted = x - np.amax(x, axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    losses = -(q * log_p).sum(axis=1)
    if reduction == "mean":
        return losses.mean(), q, log_p
    if reduction == "sum":
        return losses.sum(), q, log_p
    return losses, q, log_p


def d_x(dy: Array, q: Array, log_p: Array, reduction: str) -> Array:
    """What was given to each class, less what was wanted: (p sum(q) - q) / n."""
    dx = np.exp(log_p) * q.sum(axis=1, keepdims=True) - q
    if reduction == "mean":
        return dx / dx[:, 0].size * dy
    if reduction == "sum":
        return dx * dy
    return dx * dy[:, None]


def d_target(dy: Array, log_p: Array, weight: Array, reduction: str, label_smoothing: float) -> Array:
    """-log p of every class, a mean over the examples."""
    dtarget = (label_smoothing - 1) * log_p
    if weight is not None:
        dtarget *= weight.reshape(-1, *[1] * (log_p.ndim - 2))
    if reduction == "mean":
        return dtarget / log_p[:, 0].size * dy
    if reduction == "sum":
        return dtarget * dy
    return dtarget * dy[:, None]


def tensors(x: Tensor, target: Tensor, weight: Tensor | None, reduction: str, label_smoothing: float) -> Tensor:
    return F.cross_entropy(x, target, weight, reduction=reduction, label_smoothing=label_smoothing)


def trial(pick: Pick) -> Call:
    n, c, places = pick(1, 4), pick(2, 5), pick.choice([(), (3,), (2, 2)])
    settings: dict[str, Any] = {"reduction": pick.choice(["mean", "sum", "none"])}
    settings["weight"] = pick.positive(c).detach() if pick(0, 1) else None
    settings["label_smoothing"] = pick.choice([0.0, 0.125])
    return F.cross_entropy, (pick.normal(n, c, *places), pick.positive(n, c, *places)), settings
