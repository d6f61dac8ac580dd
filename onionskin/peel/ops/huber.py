"""Huber loss: squared near the target, absolute far from it, so that a few outliers do not decide.

Source: Huber (1964), "Robust estimation of a location parameter".
"""

from __future__ import annotations

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.ops._pairs import refuse_unlike
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

KIND = "loss"
SENTENCE = "half the square of a distance up to delta, beyond it a straight line"
FORMULA = (
    r"L = \frac1n \sum_i \begin{cases} \frac12 e_i^2 & |e_i| \le \delta \\ \delta (|e_i| - \frac12 \delta) "
    r"& \text{otherwise} \end{cases}, \quad e = x - t, \qquad "
    r"\frac{\partial L}{\partial x_i} = \frac1n \operatorname{clip}(e_i, -\delta, \delta)"
)
SPELLINGS = ("torch.nn.HuberLoss", "torch.nn.functional.huber_loss")


def read(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Use:
    refuse_unlike(input, target, weight)
    return Use("huber", {"x": input, "target": target}, {"delta": delta, "reduction": reduction})


def forward(x: Array, target: Array, delta: float, reduction: str) -> Array:
    """e^2 / 2 up to |e| = delta, delta (|e| - delta / 2) beyond, for e = x - target."""
    e = np.abs(x - target)
    losses = np.where(e <= delta, e**2 / 2, delta * (e - delta / 2))
    if reduction == "mean":
        return losses.mean()
    if reduction == "sum":
        return losses.sum()
    return losses


def d_x(dy: Array, x: Array, target: Array, delta: float, reduction: str) -> Array:
    return (
        dy / x.size * np.clip(x - target, -delta, delta)
        if reduction == "mean"
        else dy * np.clip(x - target, -delta, delta)
    )


def d_target(dy: Array, x: Array, target: Array, delta: float, reduction: str) -> Array:
    return (
        dy / x.size * np.clip(target - x, -delta, delta)
        if reduction == "mean"
        else dy * np.clip(target - x, -delta, delta)
    )


def tensors(x: Tensor, target: Tensor, delta: float, reduction: str) -> Tensor:
    return F.huber_loss(x, target, reduction=reduction, delta=delta)


def trial(pick: Pick) -> Call:
    shape = (pick(1, 4), pick(1, 3))
    settings = {"delta": pick.choice([1.0, 0.5, 2.0]), "reduction": pick.choice(["mean", "sum", "none"])}
    return F.huber_loss, (pick.normal(*shape), pick.normal(*shape)), settings
