"""Variance along axes, divided by n - 1 unless it is said otherwise."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.ops._axes import spread
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "the mean square distance from the mean"
FORMULA = (
    r"y = \frac{1}{n - 1} \sum_i (x_i - \bar x)^2, \qquad "
    r"\frac{\partial y}{\partial x_i} = \frac{2}{n - 1} (x_i - \bar x)"
)
SPELLINGS = ("torch.var", "torch.Tensor.var")


def read(
    input: Tensor, dim: Any = None, unbiased: bool = True, keepdim: bool = False, *, correction: int | None = None
) -> Use:
    return Use("var", {"x": input}, spread(input, dim, unbiased, correction, keepdim=keepdim))


def forward(x: Array, axes: Any, keepdims: bool, count: int) -> Array:
    return ((x - x.mean(axis=axes, keepdims=True)) ** 2).sum(axis=axes, keepdims=keepdims) / count


def d_x(dy: Array, x: Array, axes: Any, shape: Any, count: int) -> Array:
    return dy.reshape(shape) * (x - x.mean(axis=axes, keepdims=True)) * (2 / count)


def trial(pick: Pick) -> Call:
    x = pick.normal(pick(2, 3), pick(2, 3), pick(2, 4))
    named: dict[str, Any] = pick.choice([{}, {"unbiased": False}, {"correction": 0}])
    return torch.var, (x,), {"dim": pick.choice([1, -1, (0, 2)]), "keepdim": pick.choice([True, False]), **named}
