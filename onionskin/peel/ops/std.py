"""Standard deviation along axes: the root of the variance, divided by n - 1 unless it is said otherwise."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.ops._axes import spread
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "how far values typically are from their mean"
FORMULA = (
    r"y = \sqrt{\frac{1}{n - 1} \sum_i (x_i - \bar x)^2}, \qquad "
    r"\frac{\partial y}{\partial x_i} = \frac{x_i - \bar x}{(n - 1)\, y}"
)
SPELLINGS = ("torch.std", "torch.Tensor.std")


def read(
    input: Tensor, dim: Any = None, unbiased: bool = True, keepdim: bool = False, *, correction: int | None = None
) -> Use:
    return Use("std", {"x": input}, spread(input, dim, unbiased, correction, keepdim=keepdim))


def forward(x: Array, axes: Any, keepdims: bool, count: int) -> Array:
    return np.sqrt(((x - x.mean(axis=axes, keepdims=True)) ** 2).sum(axis=axes, keepdims=keepdims) / count)


def d_x(dy: Array, x: Array, y: Array, axes: Any, shape: Any, count: int) -> Array:
    return (dy / (y * count)).reshape(shape) * (x - x.mean(axis=axes, keepdims=True))


def trial(pick: Pick) -> Call:
    x = pick.normal(pick(2, 3), pick(2, 3), pick(2, 4))
    named: dict[str, Any] = pick.choice([{}, {"unbiased": False}, {"correction": 0}])
    return torch.std, (x,), {"dim": pick.choice([1, -1, (0, 2)]), "keepdim": pick.choice([True, False]), **named}
