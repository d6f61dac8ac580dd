"""Convolution whose window looks at every second, or third, pixel only: it sees further with as many weights."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.trial import Call, Pick

SENTENCE = "a window with gaps goes over the image and is compared with what it sees"
FORMULA = r"y_{n,o,p} = b_o + \sum_{c,i,j} W_{o,c,i,j}\; x_{n,c,\,sp+di,\,sp+dj}"
SAVES = ("columns",)
TORCH_SAVES = ()


def forward(x: Array, weight: Array, bias: Array, stride: Any, padding: Any, dilation: Any) -> Array:
    """y = weight @ columns + bias: a column is what the window sees at one place."""
    o, c, kh, kw = weight.shape
    x = x.transpose(1, 0, 2, 3)
    if padding != (0, 0):
        x = np.pad(x, ((0, 0), (0, 0), (padding[0], padding[0]), (padding[1], padding[1])))
    size = dilation[0] * (kh - 1) + 1, dilation[1] * (kw - 1) + 1
    windows = np.lib.stride_tricks.sliding_window_view(x, size, axis=(2, 3))
    windows = windows[..., :: dilation[0], :: dilation[1]]
    if stride != (1, 1):
        windows = windows[:, :, :: stride[0], :: stride[1]]
    _, n, h, w = windows.shape[:4]
    columns = windows.transpose(0, 4, 5, 1, 2, 3).reshape(c * kh * kw, n * h * w)
    y = weight.reshape(o, -1) @ columns
    if bias is not None:
        y += bias[:, None]
    return y.reshape(o, n, h, w).transpose(1, 0, 2, 3), columns


def d_x(dy: Array, x: Array, weight: Array, stride: Any, padding: Any, dilation: Any) -> Array:
    """Each place gives its gradient back to what its window saw, weighed as it was."""
    o, c, kh, kw = weight.shape
    n, _, h, w = dy.shape
    dy = dy.transpose(1, 0, 2, 3).reshape(o, -1)
    seen = (weight.reshape(o, -1).T @ dy).reshape(c, kh, kw, n, h, w)
    height, width = x.shape[2:]
    dx = np.zeros((c, n, height + 2 * padding[0], width + 2 * padding[1]), dtype=x.dtype)
    for i in range(kh):
        for j in range(kw):
            rows = slice(dilation[0] * i, dilation[0] * i + stride[0] * h, stride[0])
            columns = slice(dilation[1] * j, dilation[1] * j + stride[1] * w, stride[1])
            dx[:, :, rows, columns] += seen[:, i, j]
    if padding != (0, 0):
        dx = dx[:, :, padding[0] : padding[0] + height, padding[1] : padding[1] + width]
    return dx.transpose(1, 0, 2, 3)


def d_weight(dy: Array, columns: Array, weight: Array) -> Array:
    """dweight = dy @ columns.T."""
    dy = dy.transpose(1, 0, 2, 3).reshape(len(weight), -1)
    return (dy @ columns.T).reshape(weight.shape)


def d_bias(dy: Array) -> Array:
    return dy.sum(axis=(0, 2, 3))


def tensors(x: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any, dilation: Any) -> Tensor:
    return F.conv2d(x, weight, bias, stride=stride, padding=padding, dilation=dilation)


def torch_d_x(dy: Tensor, x: Tensor, weight: Tensor, stride: Any, padding: Any, dilation: Any) -> Tensor:
    """Each place gives its gradient back to what its window saw, weighed as it was."""
    o, _, kh, kw = weight.shape
    seen = weight.reshape(o, -1).T @ dy.flatten(2)
    return F.fold(seen, x.shape[2:], (kh, kw), dilation, padding, stride)


def torch_d_weight(dy: Tensor, x: Tensor, weight: Tensor, stride: Any, padding: Any, dilation: Any) -> Tensor:
    """dweight = dy @ columns.T: a column is what the window sees at one place."""
    columns = F.unfold(x, weight.shape[2:], dilation, padding, stride)
    return (dy.flatten(2) @ columns.mT).sum(dim=0).reshape(weight.shape)


def multiply_adds(y: tuple[int, ...], weight: tuple[int, ...]) -> int:
    """Every output is a sum over the window, in all channels that it sees."""
    return math.prod(y) * math.prod(weight[1:])


def trial(pick: Pick) -> Call:
    n, c, o = pick(1, 2), pick(1, 3), pick(1, 3)
    x, weight, bias = pick.normal(n, c, 6, 7), pick.normal(o, c, 2, 3), pick.choice([None, pick.normal(o)])
    settings = {"stride": pick.choice([1, 2]), "padding": pick.choice([0, 1]), "dilation": pick.choice([2, (1, 2)])}
    return F.conv2d, (x, weight, bias), settings
