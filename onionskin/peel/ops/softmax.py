"""Softmax: exponentials that sum to 1."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "as probabilities: positive, and they sum to 1"
FORMULA = (
    r"y_i = \frac{e^{x_i}}{\sum_k e^{x_k}}, \qquad \frac{\partial L}{\partial x_i} = y_i "
    r"\left(\frac{\partial L}{\partial y_i} - \sum_k y_k \frac{\partial L}{\partial y_k}\right)"
)
SPELLINGS = ("torch.nn.Softmax", "torch.nn.functional.softmax", "torch.softmax", "torch.Tensor.softmax")


def read(input: Tensor, dim: int, _stacklevel: int = 3, dtype: Any = None) -> Use:
    return Use("softmax", {"x": input}, {"axis": dim if dim < 0 else dim - input.ndim})


def forward(x: Array, axis: int) -> Array:
    """y = exp(x) / sum exp(x); the largest becomes 0 first, so that nothing overflows."""
    y = np.exp(x - np.amax(x, axis=axis, keepdims=True))
    y /= y.sum(axis=axis, keepdims=True)
    return y


def d_x(dy: Array, y: Array, axis: int) -> Array:
    """dx = y (dy - sum y dy): what one gains, the others lose."""
    dx = y * dy
    dx -= y * dx.sum(axis=axis, keepdims=True)
    return dx


def tensors(x: Tensor, axis: int) -> Tensor:
    return torch.softmax(x, axis)


def trial(pick: Pick) -> Call:
    return torch.softmax, (pick.normal(pick(1, 3), 2, pick(1, 4)), pick.choice([0, 1, -1])), {}
