"""Soft margin loss: logistic regression's, for targets that are 1 and -1."""

from __future__ import annotations

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.ops._pairs import refuse_unlike
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

KIND = "loss"
SENTENCE = "small where the output has the target's sign, growing with how wrong it is"
FORMULA = (
    r"L = \frac1n \sum_i \log(1 + e^{-t_i x_i}), \qquad "
    r"\frac{\partial L}{\partial x_i} = -\frac{t_i}{n}\, \sigma(-t_i x_i)"
)
SPELLINGS = ("torch.nn.SoftMarginLoss", "torch.nn.functional.soft_margin_loss")


def read(input: Tensor, target: Tensor, size_average: None = None, reduce: None = None, reduction: str = "mean") -> Use:
    refuse_unlike(input, target)
    return Use("soft_margin", {"x": input, "target": target}, {"reduction": reduction})


def forward(x: Array, target: Array, reduction: str) -> Array:
    """log(1 + e^(-t x)), in a form where nothing overflows."""
    z = -target * x
    losses = np.log1p(np.exp(-np.abs(z))) + np.clip(z, 0, None)
    if reduction == "mean":
        return losses.mean()
    if reduction == "sum":
        return losses.sum()
    return losses


def d_x(dy: Array, x: Array, target: Array, reduction: str) -> Array:
    """-t sigmoid(-t x)"""
    # sigmoid(z) = (1 + tanh(z / 2)) / 2, which never overflows.
    dx = -target * (1 - np.tanh(target * x / 2)) / 2
    return dx / x.size * dy if reduction == "mean" else dx * dy


def tensors(x: Tensor, target: Tensor, reduction: str) -> Tensor:
    return F.soft_margin_loss(x, target, reduction=reduction)


def trial(pick: Pick) -> Call:
    shape = pick(1, 4), pick(1, 3)
    settings = {"reduction": pick.choice(["mean", "sum", "none"])}
    return F.soft_margin_loss, (pick.normal(*shape), 2.0 * pick.whole(2, *shape).double() - 1), settings
