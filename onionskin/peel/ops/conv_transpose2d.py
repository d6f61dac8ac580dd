"""Transposed convolution (n, c, h, w): what a convolution's backward does, used forwards to make images larger.

The weights stand as in × out × height × width.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.errors import OnionskinError
from onionskin.peel.ops import Array
from onionskin.peel.ops._places import each_axis
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "every pixel paints the window of weights, scaled by its value, onto a larger image"
FORMULA = r"y_{n,o,\,sp+di-q} = b_o + \sum_{c,i,p} W_{c,o,i}\; x_{n,c,p}"
SPELLINGS = ("torch.nn.ConvTranspose2d", "torch.nn.functional.conv_transpose2d", "torch.conv_transpose2d")
GRADIENTS = ("x", "weight")


def read(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Use:
    if groups != 1:
        raise OnionskinError(f"transposes a convolution of {groups} groups", fix="use groups=1")
    if input.ndim != 4:
        raise OnionskinError(f"convolves an image of shape {tuple(input.shape)}", fix="give a batch: (n, c, h, w)")
    given = {"stride": stride, "padding": padding, "output_padding": output_padding, "dilation": dilation}
    settings = {name: each_axis(value, 2) for name, value in given.items()}
    return Use("conv_transpose2d", {"x": input, "weight": weight, "bias": bias}, settings)


def forward(
    x: Array, weight: Array, bias: Array, stride: Any, padding: Any, output_padding: Any, dilation: Any
) -> Array:
    """Every pixel adds its value times the weights to the places under its window."""
    n, c, h, w = x.shape
    _, o, kh, kw = weight.shape
    painted = weight.reshape(c, -1).T @ x.transpose(1, 0, 2, 3).reshape(c, -1)
    painted = painted.reshape(o, kh, kw, n, h, w)
    height = stride[0] * (h - 1) + dilation[0] * (kh - 1) + 1
    width = stride[1] * (w - 1) + dilation[1] * (kw - 1) + 1
    if output_padding != (0, 0):
        height, width = height + output_padding[0], width + output_padding[1]
    y = np.zeros((o, n, height, width), dtype=x.dtype)
    for i in range(kh):
        for j in range(kw):
            rows = slice(dilation[0] * i, height, stride[0])
            columns = slice(dilation[1] * j, width, stride[1])
            y[:, :, rows, columns][:, :, :h, :w] += painted[:, i, j]
    if padding != (0, 0):
        y = y[:, :, padding[0] : height - padding[0], padding[1] : width - padding[1]]
    y = y.transpose(1, 0, 2, 3)
    return y if bias is None else y + bias[:, None, None]


def backward(dy: Array, x: Array, weight: Array, stride: Any, padding: Any, dilation: Any) -> Array:
    """A convolution of dy: dx = weight @ columns, dweight = x @ columns.T."""
    n, c, h, w = x.shape
    kh, kw = weight.shape[2:]
    dy = dy.transpose(1, 0, 2, 3)
    if padding != (0, 0):
        dy = np.pad(dy, ((0, 0), (0, 0), (padding[0], padding[0]), (padding[1], padding[1])))
    size = (kh, kw)
    if dilation != (1, 1):
        size = dilation[0] * (kh - 1) + 1, dilation[1] * (kw - 1) + 1
    windows = np.lib.stride_tricks.sliding_window_view(dy, size, axis=(2, 3))
    if dilation != (1, 1):
        windows = windows[..., :: dilation[0], :: dilation[1]]
    if stride != (1, 1):
        windows = windows[:, :, :: stride[0], :: stride[1]]
    columns = windows[:, :, :h, :w].transpose(0, 4, 5, 1, 2, 3).reshape(-1, n * h * w)
    dx = (weight.reshape(c, -1) @ columns).reshape(c, n, h, w).transpose(1, 0, 2, 3)
    dweight = x.transpose(1, 0, 2, 3).reshape(c, -1) @ columns.T
    return dx, dweight.reshape(weight.shape)


def d_bias(dy: Array) -> Array:
    return dy.sum(axis=(0, 2, 3))


def tensors(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Any,
    padding: Any,
    output_padding: Any,
    dilation: Any,
) -> Tensor:
    return F.conv_transpose2d(x, weight, bias, stride, padding, output_padding, dilation=dilation)


def torch_backward(dy: Tensor, x: Tensor, weight: Tensor, stride: Any, padding: Any, dilation: Any) -> Any:
    """A convolution of dy: dx = weight @ columns, dweight = x @ columns.T."""
    columns = F.unfold(dy, weight.shape[2:], dilation, padding, stride)
    dx = (weight.flatten(1) @ columns).reshape(x.shape)
    dweight = (x.flatten(2) @ columns.mT).sum(dim=0)
    return dx, dweight.reshape(weight.shape)


def multiply_adds(x: tuple[int, ...], weight: tuple[int, ...]) -> int:
    """Every input is spread over the window, in all channels that hear of it."""
    return math.prod(x) * math.prod(weight[1:])


def trial(pick: Pick) -> Call:
    n, c, o, s = pick(1, 2), pick(1, 3), pick(1, 3), pick(1, 3)
    x, weight, bias = pick.normal(n, c, 3, pick(2, 4)), pick.normal(c, o, 3, 4), pick.choice([None, pick.normal(o)])
    settings = {"stride": s, "padding": pick(0, 1), "output_padding": pick(0, s - 1), "dilation": pick(1, 2)}
    return F.conv_transpose2d, (x, weight, bias), settings
