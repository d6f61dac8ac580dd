"""Convolution of every channel with a window of its own: nothing is mixed between channels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.ops.pad import padded
from onionskin.peel.trial import Call, Pick

SENTENCE = "every channel is convolved with a window of its own"
FORMULA = r"y_{n,c,p} = b_c + \sum_{i,j} W_{c,i,j}\; x_{n,c,\,sp+di,\,sp+dj}"


def forward(x: Array, weight: Array, bias: Array, stride: Any, padding: Any, dilation: Any) -> Array:
    """y = the sum of weight[i, j] times what stands i rows and j columns from each place."""
    kh, kw = weight.shape[2:]
    if padding != (0, 0):
        x = padded(x, padding)
    n, c, height, width = x.shape
    h = (height - 1 - dilation[0] * (kh - 1)) // stride[0] + 1
    w = (width - 1 - dilation[1] * (kw - 1)) // stride[1] + 1
    y = np.zeros((n, c, h, w), dtype=x.dtype)
    for i in range(kh):
        for j in range(kw):
            rows = slice(dilation[0] * i, dilation[0] * i + stride[0] * h, stride[0])
            columns = slice(dilation[1] * j, dilation[1] * j + stride[1] * w, stride[1])
            y += weight[:, 0, i, j, None, None] * x[:, :, rows, columns]
    return y if bias is None else y + bias[:, None, None]


def backward(dy: Array, x: Array, weight: Array, stride: Any, padding: Any, dilation: Any) -> Array:
    """Each place gives its gradient back to what its window saw, and to the weights."""
    kh, kw = weight.shape[2:]
    h, w = dy.shape[2:]
    height, width = x.shape[2:]
    if padding != (0, 0):
        x = padded(x, padding)
    dx, dweight = np.zeros_like(x), np.zeros_like(weight)
    for i in range(kh):
        for j in range(kw):
            rows = slice(dilation[0] * i, dilation[0] * i + stride[0] * h, stride[0])
            columns = slice(dilation[1] * j, dilation[1] * j + stride[1] * w, stride[1])
            dx[:, :, rows, columns] += weight[:, 0, i, j, None, None] * dy
            dweight[:, 0, i, j] = np.einsum("nchw,nchw->c", dy, x[:, :, rows, columns])
    if padding != (0, 0):
        dx = dx[:, :, padding[0] : padding[0] + height, padding[1] : padding[1] + width]
    return dx, dweight


def d_bias(dy: Array) -> Array:
    return dy.sum(axis=(0, 2, 3))


GRADIENTS = ("x", "weight")


def tensors(x: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any, dilation: Any) -> Tensor:
    return F.conv2d(x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=len(weight))


def multiply_adds(y: tuple[int, ...], weight: tuple[int, ...]) -> int:
    """Every output is a sum over the window, in all channels that it sees."""
    return math.prod(y) * math.prod(weight[1:])


def trial(pick: Pick) -> Call:
    n, c = pick(1, 3), pick(2, 3)
    x, weight, bias = pick.normal(n, c, 6, 5), pick.normal(c, 1, 2, 3), pick.choice([None, pick.normal(c)])
    settings = {"stride": pick.choice([1, 2]), "padding": pick.choice([0, 1]), "dilation": pick.choice([1, (2, 1)])}
    return F.conv2d, (x, weight, bias), {**settings, "groups": c}
