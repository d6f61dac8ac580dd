"""The logarithm of a sum of exponentials along axes: a maximum with soft edges."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.ops._axes import reduced
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "a soft maximum: the logarithm of the sum of exponentials"
FORMULA = r"y = \ln \sum_i e^{x_i}, \qquad \frac{\partial y}{\partial x_i} = e^{x_i - y}"
SPELLINGS = ("torch.logsumexp", "torch.Tensor.logsumexp")


def read(input: Tensor, dim: Any, keepdim: bool = False) -> Use:
    return Use("logsumexp", {"x": input}, reduced(input, dim, keepdim=keepdim))


def forward(x: Array, axes: Any, keepdims: bool) -> Array:
    """y = m + log(sum(exp(x - m))), with m the largest, so that no exponential overflows."""
    largest = np.amax(x, axis=axes, keepdims=True)
    y = np.log(np.exp(x - largest).sum(axis=axes, keepdims=True)) + largest
    return y if keepdims else y.squeeze(axes)


def d_x(dy: Array, x: Array, y: Array, shape: Any) -> Array:
    return dy.reshape(shape) * np.exp(x - y.reshape(shape))


def tensors(x: Tensor, axes: Any, keepdims: bool) -> Tensor:
    return torch.logsumexp(x, axes, keepdim=keepdims)


def trial(pick: Pick) -> Call:
    x = pick.normal(pick(1, 3), pick(1, 3), pick(2, 4))
    return torch.logsumexp, (x, pick.choice([1, -1, (0, 2)])), {"keepdim": pick.choice([True, False])}
