"""Length of vectors along axes: the root of the sum of squares."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from onionskin.errors import OnionskinError
from onionskin.peel.ops import Array
from onionskin.peel.ops._axes import reduced
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "the length of each vector; its gradient points along it"
FORMULA = r"y = \sqrt{\sum_i x_i^2}, \qquad \frac{\partial y}{\partial x_i} = \frac{x_i}{y}"
SPELLINGS = ("torch.norm", "torch.Tensor.norm", "torch.linalg.norm", "torch.linalg.vector_norm")


def read(input: Tensor, p: Any = 2, dim: Any = None, keepdim: bool = False, dtype: Any = None, ord: Any = None) -> Use:
    if (p if ord is None else ord) not in (2, 2.0, "fro"):
        raise OnionskinError(f"takes the norm with p={p if ord is None else ord}", fix="use p=2")
    return Use("norm", {"x": input}, reduced(input, dim, keepdim=keepdim))


def forward(x: Array, axes: Any, keepdims: bool) -> Array:
    return np.sqrt((x * x).sum(axis=axes, keepdims=keepdims))


def d_x(dy: Array, x: Array, y: Array, shape: Any) -> Array:
    return x * (dy / y).reshape(shape)


def trial(pick: Pick) -> Call:
    x = pick.normal(pick(1, 3), pick(1, 3), pick(1, 4))
    return torch.norm, (x,), {"dim": pick.choice([1, -1, (0, 2), None]), "keepdim": pick.choice([True, False])}
