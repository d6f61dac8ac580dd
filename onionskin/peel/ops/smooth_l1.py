"""Smooth L1 loss: absolute, but rounded off within beta of the target, where the absolute value has its corner.

It is the Huber loss divided by its delta. Source: Girshick (2015), "Fast R-CNN", equation 3.
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
SENTENCE = "the absolute distance, rounded off within beta of the target"
FORMULA = (
    r"L = \frac1n \sum_i \begin{cases} \frac{e_i^2}{2\beta} & |e_i| < \beta \\ |e_i| - \frac12 \beta "
    r"& \text{otherwise} \end{cases}, \quad e = x - t, \qquad "
    r"\frac{\partial L}{\partial x_i} = \frac1n \operatorname{clip}\left(\frac{e_i}{\beta}, -1, 1\right)"
)
SPELLINGS = ("torch.nn.SmoothL1Loss", "torch.nn.functional.smooth_l1_loss")


def read(
    input: Tensor,
    target: Tensor,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Use:
    refuse_unlike(input, target)
    if beta == 0:
        return Use("l1", {"x": input, "target": target}, {"reduction": reduction})
    return Use("smooth_l1", {"x": input, "target": target}, {"beta": beta, "reduction": reduction})


def forward(x: Array, target: Array, beta: float, reduction: str) -> Array:
    """e^2 / (2 beta) where |e| < beta, and |e| - beta / 2 beyond, for e = x - target."""
    e = np.abs(x - target)
    losses = np.where(e < beta, e**2 / (2 * beta), e - beta / 2)
    if reduction == "mean":
        return losses.mean()
    if reduction == "sum":
        return losses.sum()
    return losses


def d_x(dy: Array, x: Array, target: Array, beta: float, reduction: str) -> Array:
    return (
        dy / x.size * np.clip((x - target) / beta, -1, 1)
        if reduction == "mean"
        else dy * np.clip((x - target) / beta, -1, 1)
    )


def d_target(dy: Array, x: Array, target: Array, beta: float, reduction: str) -> Array:
    return (
        dy / x.size * np.clip((target - x) / beta, -1, 1)
        if reduction == "mean"
        else dy * np.clip((target - x) / beta, -1, 1)
    )


def tensors(x: Tensor, target: Tensor, beta: float, reduction: str) -> Tensor:
    return F.smooth_l1_loss(x, target, reduction=reduction, beta=beta)


def trial(pick: Pick) -> Call:
    shape = (pick(1, 4), pick(1, 3))
    settings = {"beta": pick.choice([1.0, 0.5, 2.0]), "reduction": pick.choice(["mean", "sum", "none"])}
    return F.smooth_l1_loss, (pick.normal(*shape), pick.normal(*shape)), settings
