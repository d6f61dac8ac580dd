"""The largest value along one axis, and where it stands: the first of equal ones, which alone hears back."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.ops._axes import reduced
from onionskin.peel.ops._elementwise import read_two
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "the largest value along an axis, and where it stands"
FORMULA = r"y = x_{i^*}, \qquad i^* = \arg\max_i x_i"
SPELLINGS = ("torch.max", "torch.Tensor.max")
OUTPUTS = ("y", "index")


def read(input: Tensor, dim: Any = None, keepdim: bool = False) -> Use:
    if dim is None:
        return Use("amax", {"x": input}, reduced(input, (), keepdim=False))
    if isinstance(dim, Tensor):
        return read_two("maximum", input, dim)
    return Use("max_along", {"x": input}, {"axis": dim % input.ndim, "keepdims": keepdim})


def forward(x: Array, axis: int, keepdims: bool) -> Array:
    """The largest value along the axis, and its number."""
    return np.amax(x, axis=axis, keepdims=keepdims), x.argmax(axis=axis, keepdims=keepdims)


def d_x(dy: Array, x: Array, index: Array, axis: int, keepdims: bool) -> Array:
    """dy goes to where the largest value stands."""
    if not keepdims:
        dy, index = np.expand_dims(dy, axis), np.expand_dims(index, axis)
    dx = np.zeros_like(x)
    np.put_along_axis(dx, index, dy, axis)
    return dx


def torch_d_x(dy: Tensor, x: Tensor, index: Tensor, axis: int, keepdims: bool) -> Tensor:
    """dy goes to where the largest value stands."""
    if not keepdims:
        dy, index = dy.unsqueeze(axis), index.unsqueeze(axis)
    return torch.zeros_like(x).scatter(axis, index, dy)


def tensors(x: Tensor, axis: int, keepdims: bool) -> Any:
    return torch.max(x, axis, keepdim=keepdims)


def trial(pick: Pick) -> Call:
    x = pick.normal(pick(1, 3), pick(1, 3), pick(2, 4))
    return torch.max, (x, pick.choice([0, 1, -1])), {"keepdim": pick.choice([True, False])}
