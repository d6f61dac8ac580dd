"""Convolution of sequences (n, c, t): the same short window of weights looks at every moment.

What the window sees at each moment is copied into one column, so that a single matrix product does them all.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from onionskin.errors import OnionskinError
from onionskin.peel.ops import Array
from onionskin.peel.ops._places import each_axis, padding_of
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "one window of weights goes along the sequence and is compared with what it sees"
FORMULA = r"y_{n,o,t} = b_o + \sum_{c,i} W_{o,c,i}\; x_{n,c,\,st+di}"
SPELLINGS = ("torch.nn.Conv1d", "torch.nn.functional.conv1d", "torch.conv1d")
SAVES = ("columns",)
TORCH_SAVES = ()


def read(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Use:
    if input.ndim != 3:
        raise OnionskinError(f"convolves a sequence of shape {tuple(input.shape)}", fix="give a batch: (n, c, t)")
    stride, dilation = each_axis(stride, 1), each_axis(dilation, 1)
    padding = padding_of(padding, tuple(weight.shape[2:]), stride, dilation)
    settings = {"stride": stride[0], "padding": padding[0], "dilation": dilation[0], "groups": groups}
    return Use("conv1d", {"x": input, "weight": weight, "bias": bias}, settings)


def forward(x: Array, weight: Array, bias: Array, stride: int, padding: int, dilation: int, groups: int) -> Array:
    """y = weight @ columns + bias: a column is what the window sees at one moment."""
    o, _, k = weight.shape
    x = x.transpose(1, 0, 2)
    if padding:
        x = np.pad(x, ((0, 0), (0, 0), (padding, padding)))
    seen = k if dilation == 1 else dilation * (k - 1) + 1
    windows = np.lib.stride_tricks.sliding_window_view(x, seen, axis=2)
    if stride != 1 or dilation != 1:
        windows = windows[:, :, ::stride, ::dilation]
    _, n, t = windows.shape[:3]
    columns = windows.transpose(0, 3, 1, 2)
    if groups == 1:
        columns = columns.reshape(-1, n * t)
        y = weight.reshape(o, -1) @ columns
    else:
        columns = columns.reshape(groups, -1, n * t)
        y = weight.reshape(groups, o // groups, -1) @ columns
    y = y.reshape(o, n, t).transpose(1, 0, 2)
    return y if bias is None else y + bias[:, None], columns


def d_x(dy: Array, x: Array, weight: Array, stride: int, padding: int, dilation: int, groups: int) -> Array:
    """Each moment gives its gradient back to what its window saw, weighed as it was."""
    o, _, k = weight.shape
    n, c, length = x.shape
    t = dy.shape[2]
    dy = dy.transpose(1, 0, 2)
    if groups == 1:
        seen = weight.reshape(o, -1).T @ dy.reshape(o, -1)
    else:
        own = o // groups
        seen = weight.reshape(groups, own, -1).swapaxes(1, 2) @ dy.reshape(groups, own, -1)
    seen = seen.reshape(c, k, n, t)
    dx = np.zeros((c, n, length + 2 * padding), dtype=x.dtype)
    for i in range(k):
        if stride == 1:
            dx[:, :, dilation * i : dilation * i + t] += seen[:, i]
        else:
            dx[:, :, dilation * i : dilation * i + stride * t : stride] += seen[:, i]
    if padding:
        dx = dx[:, :, padding : padding + length]
    return dx.transpose(1, 0, 2)


def d_weight(dy: Array, columns: Array, weight: Array, groups: int) -> Array:
    """dweight = dy @ columns.T."""
    dy = dy.transpose(1, 0, 2)
    if groups == 1:
        dweight = dy.reshape(len(weight), -1) @ columns.T
    else:
        dweight = dy.reshape(groups, len(weight) // groups, -1) @ columns.swapaxes(1, 2)
    return dweight.reshape(weight.shape)


def d_bias(dy: Array) -> Array:
    return dy.sum(axis=(0, 2))


def tensors(
    x: Tensor, weight: Tensor, bias: Tensor | None, stride: int, padding: int, dilation: int, groups: int
) -> Tensor:
    return F.conv1d(x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)


def torch_d_x(dy: Tensor, x: Tensor, weight: Tensor, stride: int, padding: int, dilation: int, groups: int) -> Tensor:
    """Each moment gives its gradient back to what its window saw, weighed as it was."""
    o, _, k = weight.shape
    n, c, length = x.shape
    t = dy.shape[2]
    seen = weight.reshape(groups, o // groups, -1).mT @ dy.reshape(n, groups, o // groups, t)
    seen = seen.reshape(n, c, k, t)
    dx = torch.zeros((n, c, length + 2 * padding), dtype=x.dtype)
    for i in range(k):
        first = dilation * i
        dx[:, :, first : first + stride * t : stride] += seen[:, :, i]
    return dx[:, :, padding : padding + length]


def torch_d_weight(
    dy: Tensor, x: Tensor, weight: Tensor, stride: int, padding: int, dilation: int, groups: int
) -> Tensor:
    """dweight = dy @ columns.T: a column is what the window sees at one moment."""
    o, _, k = weight.shape
    n, _, t = dy.shape
    windows = F.pad(x, (padding, padding)).unfold(2, dilation * (k - 1) + 1, stride)
    columns = windows[:, :, :, ::dilation].swapaxes(2, 3).reshape(n, groups, -1, t)
    dweight = dy.reshape(n, groups, o // groups, t) @ columns.mT
    return dweight.sum(dim=0).reshape(weight.shape)


def multiply_adds(y: tuple[int, ...], weight: tuple[int, ...]) -> int:
    """Every output is a sum over the window, in all channels that it sees."""
    return math.prod(y) * math.prod(weight[1:])


def trial(pick: Pick) -> Call:
    n, m, o, g = pick(1, 3), pick(1, 2), pick(1, 2), pick(1, 2)
    x, weight, bias = pick.normal(n, g * m, pick(5, 7)), pick.normal(g * o, m, pick(1, 3)), None
    if pick(0, 1):
        bias = pick.normal(g * o)
    settings = {"stride": pick(1, 2), "padding": pick(0, 2), "dilation": pick(1, 2), "groups": g}
    return F.conv1d, (x, weight, bias), settings
