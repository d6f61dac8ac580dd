"""Logarithm of the softmax, without ever taking the exponential of something large."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "the logarithm of the probabilities"
FORMULA = (
    r"y_i = x_i - \ln \sum_k e^{x_k}, \qquad \frac{\partial L}{\partial x_i} = \frac{\partial L}{\partial "
    r"y_i} - e^{y_i} \sum_k \frac{\partial L}{\partial y_k}"
)
SPELLINGS = ("torch.nn.LogSoftmax", "torch.nn.functional.log_softmax", "torch.log_softmax", "torch.Tensor.log_softmax")


def read(input: Tensor, dim: int, _stacklevel: int = 3, dtype: Any = None) -> Use:
    return Use("log_softmax", {"x": input}, {"axis": dim if dim < 0 else dim - input.ndim})


def forward(x: Array, axis: int) -> Array:
    """y = x - log(sum exp(x)); the largest becomes 0 first, so that nothing overflows."""
    shifted = x - np.amax(x, axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def d_x(dy: Array, y: Array, axis: int) -> Array:
    return dy - np.exp(y) * dy.sum(axis=axis, keepdims=True)


def tensors(x: Tensor, axis: int) -> Tensor:
    return torch.log_softmax(x, axis)


def trial(pick: Pick) -> Call:
    return torch.log_softmax, (pick.normal(pick(1, 3), 2, pick(1, 4)), pick.choice([0, 1, -1])), {}
