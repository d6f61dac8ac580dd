"""Max pooling of sequences (n, c, t): of each window, the largest value stays; of equal ones the first."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from onionskin.errors import OnionskinError
from onionskin.peel.ops import Array
from onionskin.peel.ops._places import each_axis, refuse_ceil
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "of each window the largest stays, and only that place hears back"
FORMULA = r"y_t = \max_{i}\; x_{st+i}"
SPELLINGS = ("torch.nn.MaxPool1d", "torch.nn.functional.max_pool1d", "torch.max_pool1d")


def read(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Use:
    if return_indices or each_axis(dilation, 1) != (1,):
        raise OnionskinError("pools with return_indices or dilation", fix="leave them out")
    kernel = each_axis(kernel_size, 1)
    stride, padding = each_axis(kernel if stride in (None, []) else stride, 1), each_axis(padding, 1)
    refuse_ceil(input, kernel, stride, padding, (1,), ceil_mode=ceil_mode)
    return Use("max_pool1d", {"x": input}, {"kernel": kernel[0], "stride": stride[0], "padding": padding[0]})


def forward(x: Array, kernel: int, stride: int, padding: int) -> Array:
    """y = the largest of the values that each window sees."""
    if padding:
        x = between_walls(x, padding)
    t = (x.shape[2] - kernel) // stride + 1
    y = x[:, :, : stride * t : stride]
    for i in range(1, kernel):
        y = np.maximum(y, x[:, :, i : i + stride * t : stride])
    return y


def d_x(dy: Array, x: Array, y: Array, kernel: int, stride: int, padding: int) -> Array:
    """The gradient goes to the place of the largest value; of equal ones, to the first."""
    length, t = x.shape[2], y.shape[2]
    if padding:
        x = between_walls(x, padding)
    dx = np.zeros_like(x)
    left = dy  # what no place has got yet
    for i in range(kernel):
        got = left * (x[:, :, i : i + stride * t : stride] == y)
        dx[:, :, i : i + stride * t : stride] += got
        left = left - got
    if padding:
        dx = dx[:, :, padding : padding + length]
    return dx


def between_walls(x: Array, padding: int) -> Array:
    """Put minus infinity at both ends: it is never the largest."""
    return np.pad(x, ((0, 0), (0, 0), (padding, padding)), constant_values=-np.inf)


def torch_between_walls(x: Tensor, padding: int) -> Tensor:
    """Put minus infinity at both ends: it is never the largest."""
    return F.pad(x, (padding, padding), value=-torch.inf)


def tensors(x: Tensor, kernel: int, stride: int, padding: int) -> Tensor:
    return F.max_pool1d(x, kernel, stride, padding)


def trial(pick: Pick) -> Call:
    x = pick.normal(pick(1, 3), pick(1, 3), pick(4, 7))
    return F.max_pool1d, (x, pick(2, 3)), {"stride": pick.choice([None, 1, 2]), "padding": pick(0, 1)}
