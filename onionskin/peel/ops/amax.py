"""The largest value along axes. Where several are equal, they share the gradient, as PyTorch's amax and max() do."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.ops._axes import reduced
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "the largest value; only its place hears back"
FORMULA = r"y = \max_i x_i"
SPELLINGS = ("torch.amax", "torch.Tensor.amax")


def read(input: Tensor, dim: Any = (), keepdim: bool = False) -> Use:
    return Use("amax", {"x": input}, reduced(input, dim, keepdim=keepdim))


def forward(x: Array, axes: Any, keepdims: bool) -> Array:
    return np.amax(x, axis=axes, keepdims=keepdims)


def d_x(dy: Array, x: Array, y: Array, axes: Any, shape: Any) -> Array:
    """dy goes to where x is y, in equal shares."""
    largest = x == y.reshape(shape)
    count = largest.sum(axis=axes, keepdims=True, dtype=x.dtype)
    return largest * (dy.reshape(shape) / count)


def trial(pick: Pick) -> Call:
    x = pick.normal(pick(1, 3), pick(1, 3), pick(2, 4))
    return torch.amax, (x, pick.choice([1, -1, (0, 2), ()])), {"keepdim": pick.choice([True, False])}
