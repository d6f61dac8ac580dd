"""Convolution with a window of one pixel: a linear layer over the channels, at every place alike."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.trial import Call, Pick

SENTENCE = "at every place alone, each output channel is a weighted sum of all channels"
FORMULA = r"y_{n,o,p} = b_o + \sum_c W_{o,c}\; x_{n,c,p}"
SAVES = ("columns",)
TORCH_SAVES = ()


def forward(x: Array, weight: Array, bias: Array, stride: Any) -> Array:
    """y = weight @ columns + bias: a column is the channels at one place."""
    if stride != (1, 1):
        x = x[:, :, :: stride[0], :: stride[1]]
    n, c, h, w = x.shape
    columns = x.transpose(1, 0, 2, 3).reshape(c, -1)
    y = weight.reshape(-1, c) @ columns
    if bias is not None:
        y += bias[:, None]
    return y.reshape(-1, n, h, w).transpose(1, 0, 2, 3), columns


def d_x(dy: Array, x: Array, weight: Array, stride: Any) -> Array:
    """dx = weight.T @ dy."""
    o, c = weight.shape[:2]
    n, _, h, w = dy.shape
    dx = weight.reshape(o, c).T @ dy.transpose(1, 0, 2, 3).reshape(o, -1)
    dx = dx.reshape(c, n, h, w).transpose(1, 0, 2, 3)
    if stride != (1, 1):
        seen, dx = dx, np.zeros_like(x)
        dx[:, :, :: stride[0], :: stride[1]] = seen
    return dx


def d_weight(dy: Array, columns: Array, weight: Array) -> Array:
    """dweight = dy @ columns.T."""
    dy = dy.transpose(1, 0, 2, 3).reshape(len(weight), -1)
    return (dy @ columns.T).reshape(weight.shape)


def d_bias(dy: Array) -> Array:
    return dy.sum(axis=(0, 2, 3))


def tensors(x: Tensor, weight: Tensor, bias: Tensor | None, stride: Any) -> Tensor:
    return F.conv2d(x, weight, bias, stride=stride)


def torch_d_x(dy: Tensor, x: Tensor, weight: Tensor, stride: Any) -> Tensor:
    """dx = weight.T @ dy."""
    dx = torch.einsum("oc,nohw->nchw", weight[:, :, 0, 0], dy)
    if stride != (1, 1):
        seen, dx = dx, torch.zeros_like(x)
        dx[:, :, :: stride[0], :: stride[1]] = seen
    return dx


def torch_d_weight(dy: Tensor, x: Tensor, weight: Tensor, stride: Any) -> Tensor:
    """dweight = dy @ x.T, over all places."""
    if stride != (1, 1):
        x = x[:, :, :: stride[0], :: stride[1]]
    return torch.einsum("nohw,nchw->oc", dy, x).reshape(weight.shape)


def multiply_adds(y: tuple[int, ...], weight: tuple[int, ...]) -> int:
    """Every output is a sum over the window, in all channels that it sees."""
    return math.prod(y) * math.prod(weight[1:])


def trial(pick: Pick) -> Call:
    n, c, o = pick(1, 3), pick(1, 3), pick(1, 3)
    x, weight = pick.normal(n, c, pick(3, 5), 4), pick.normal(o, c, 1, 1)
    return F.conv2d, (x, weight, pick.choice([None, pick.normal(o)])), {"stride": pick.choice([1, 2])}
