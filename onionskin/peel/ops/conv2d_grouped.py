"""Convolution in groups: every group of channels is convolved by itself."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.trial import Call, Pick

SENTENCE = "every group of channels is convolved by itself"
FORMULA = r"y_{n,o,p} = b_o + \sum_{c \in \mathrm{group}(o)} \sum_{i,j} W_{o,c,i,j}\; x_{n,c,\,sp+di,\,sp+dj}"
SAVES = ("columns",)
TORCH_SAVES = ()


def forward(x: Array, weight: Array, bias: Array, stride: Any, padding: Any, dilation: Any, groups: int) -> Array:
    """y = weight @ columns + bias in every group: a column is what one window sees."""
    o, _, kh, kw = weight.shape
    x = x.transpose(1, 0, 2, 3)
    if padding != (0, 0):
        x = np.pad(x, ((0, 0), (0, 0), (padding[0], padding[0]), (padding[1], padding[1])))
    size = (kh, kw)
    if dilation != (1, 1):
        size = dilation[0] * (kh - 1) + 1, dilation[1] * (kw - 1) + 1
    windows = np.lib.stride_tricks.sliding_window_view(x, size, axis=(2, 3))
    if dilation != (1, 1):
        windows = windows[..., :: dilation[0], :: dilation[1]]
    if stride != (1, 1):
        windows = windows[:, :, :: stride[0], :: stride[1]]
    _, n, h, w = windows.shape[:4]
    columns = windows.transpose(0, 4, 5, 1, 2, 3).reshape(groups, -1, n * h * w)
    y = weight.reshape(groups, o // groups, -1) @ columns
    y = y.reshape(o, n, h, w).transpose(1, 0, 2, 3)
    return y if bias is None else y + bias[:, None, None], columns


def d_x(dy: Array, x: Array, weight: Array, stride: Any, padding: Any, dilation: Any, groups: int) -> Array:
    """Each place gives its gradient back to what its window saw, weighed as it was."""
    o, _, kh, kw = weight.shape
    n, _, h, w = dy.shape
    dy = dy.transpose(1, 0, 2, 3).reshape(groups, o // groups, -1)
    seen = weight.reshape(groups, o // groups, -1).swapaxes(1, 2) @ dy
    seen = seen.reshape(-1, kh, kw, n, h, w)
    height, width = x.shape[2:]
    size = height + 2 * padding[0], width + 2 * padding[1]
    dx = np.zeros((len(seen), n, *size), dtype=x.dtype)
    for i in range(kh):
        for j in range(kw):
            rows = slice(dilation[0] * i, dilation[0] * i + stride[0] * h, stride[0])
            columns = slice(dilation[1] * j, dilation[1] * j + stride[1] * w, stride[1])
            dx[:, :, rows, columns] += seen[:, i, j]
    if padding != (0, 0):
        dx = dx[:, :, padding[0] : padding[0] + height, padding[1] : padding[1] + width]
    return dx.transpose(1, 0, 2, 3)


def d_weight(dy: Array, columns: Array, weight: Array, groups: int) -> Array:
    """dweight = dy @ columns.T in every group."""
    dy = dy.transpose(1, 0, 2, 3).reshape(groups, len(weight) // groups, -1)
    return (dy @ columns.swapaxes(1, 2)).reshape(weight.shape)


def d_bias(dy: Array) -> Array:
    return dy.sum(axis=(0, 2, 3))


def tensors(
    x: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any, dilation: Any, groups: int
) -> Tensor:
    return F.conv2d(x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)


def torch_d_x(dy: Tensor, x: Tensor, weight: Tensor, stride: Any, padding: Any, dilation: Any, groups: int) -> Tensor:
    """Each place gives its gradient back to what its window saw, weighed as it was."""
    o, _, kh, kw = weight.shape
    dy = dy.reshape(len(dy), groups, o // groups, -1)
    seen = weight.reshape(groups, o // groups, -1).mT @ dy
    return F.fold(seen.flatten(1, 2), x.shape[2:], (kh, kw), dilation, padding, stride)


def torch_d_weight(
    dy: Tensor, x: Tensor, weight: Tensor, stride: Any, padding: Any, dilation: Any, groups: int
) -> Tensor:
    """dweight = dy @ columns.T in every group: a column is what one window sees."""
    columns = F.unfold(x, weight.shape[2:], dilation, padding, stride)
    columns = columns.reshape(len(x), groups, -1, columns.shape[2])
    dy = dy.reshape(len(dy), groups, len(weight) // groups, -1)
    return (dy @ columns.mT).sum(dim=0).reshape(weight.shape)


def multiply_adds(y: tuple[int, ...], weight: tuple[int, ...]) -> int:
    """Every output is a sum over the window, in all channels that it sees."""
    return math.prod(y) * math.prod(weight[1:])


def trial(pick: Pick) -> Call:
    n, m, o = pick(1, 2), pick(1, 2), pick(1, 2)
    x, weight, bias = pick.normal(n, 2 * m, 5, 6), pick.normal(4 * o, m, 3, 2), pick.choice([None, pick.normal(4 * o)])
    settings = {"stride": pick.choice([1, 2]), "padding": pick.choice([0, 1]), "dilation": pick.choice([1, (1, 2)])}
    return F.conv2d, (x, weight, bias), {**settings, "groups": 2}
