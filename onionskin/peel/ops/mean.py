"""Mean over some axes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "the mean over an axis; its gradient is shared out evenly"
FORMULA = r"y = \frac1n \sum_i x_i, \qquad \frac{\partial y}{\partial x_i} = \frac1n"
SPELLINGS = ("torch.mean", "torch.Tensor.mean")


def read(input: Tensor, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Use:
    dims = () if dim is None else tuple(dim) if isinstance(dim, (tuple, list)) else (dim,)
    axes = tuple(sorted(d % input.ndim for d in dims))
    if not axes or (len(axes) == input.ndim and not keepdim):
        return Use("mean_all", {"x": input}, {"size": input.numel()})
    shape = tuple(1 if i in axes else n for i, n in enumerate(input.shape))
    axis = axes[0] if len(axes) == 1 else axes
    return Use(
        "mean",
        {"x": input},
        {"axis": axis, "keepdims": keepdim, "kept": shape, "count": math.prod(input.shape[i] for i in axes)},
    )


def forward(x: Array, axis: Any, keepdims: bool) -> Array:
    return x.mean(axis=axis, keepdims=keepdims)


def d_x(dy: Array, x: Array, kept: tuple[int, ...], count: int) -> Array:
    return np.zeros_like(x) + dy.reshape(kept) / count


def trial(pick: Pick) -> Call:
    x = pick.normal(pick(1, 3), pick(1, 3), pick(2, 4))
    return torch.mean, (x, pick.choice([1, -1, (0, 2)])), {"keepdim": pick.choice([True, False])}
