"""Mean absolute error: how far the output is from the target.

Where they are equal the slope is taken as 0, as PyTorch takes it.
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
SENTENCE = "the mean of the absolute distances"
FORMULA = (
    r"L = \frac1n \sum_i |x_i - t_i|, \qquad \frac{\partial L}{\partial x_i} = \frac1n \operatorname{sign}(x_i - t_i)"
)
SPELLINGS = ("torch.nn.L1Loss", "torch.nn.functional.l1_loss")


def read(
    input: Tensor,
    target: Tensor,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Use:
    refuse_unlike(input, target, weight)
    return Use("l1", {"x": input, "target": target}, {"reduction": reduction})


def forward(x: Array, target: Array, reduction: str) -> Array:
    return (
        np.abs(x - target).mean()
        if reduction == "mean"
        else np.abs(x - target).sum()
        if reduction == "sum"
        else np.abs(x - target)
    )


def d_x(dy: Array, x: Array, target: Array, reduction: str) -> Array:
    return dy / x.size * np.sign(x - target) if reduction == "mean" else dy * np.sign(x - target)


def d_target(dy: Array, x: Array, target: Array, reduction: str) -> Array:
    return dy / x.size * np.sign(target - x) if reduction == "mean" else dy * np.sign(target - x)


def tensors(x: Tensor, target: Tensor, reduction: str) -> Tensor:
    return F.l1_loss(x, target) if reduction == "mean" else F.l1_loss(x, target, reduction=reduction)


def trial(pick: Pick) -> Call:
    shape = (pick(1, 4), pick(1, 3))
    return F.l1_loss, (pick.normal(*shape), pick.normal(*shape)), {"reduction": pick.choice(["mean", "sum", "none"])}
