"""Convolution of images (n, c, h, w): the same small window of weights looks at every place.

What the window sees at each place is copied into one column, so that a single matrix product does all places of all
images. The channels stand first in memory on the way: so that product is the result, and the next layer finds it so.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.errors import OnionskinError
from onionskin.peel.ops import Array
from onionskin.peel.ops._places import each_axis, padding_of
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "one window of weights goes over the image and is compared with what it sees"
FORMULA = (
    r"y_{n,o,p} = b_o + \sum_{c,i,j} W_{o,c,i,j}\; x_{n,c,\,sp+i,\,sp+j}, \qquad "
    r"\frac{\partial L}{\partial W} = \frac{\partial L}{\partial y}\, \mathrm{columns}^\top"
)
SPELLINGS = ("torch.nn.Conv2d", "torch.nn.functional.conv2d", "torch.conv2d")
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
    if input.ndim != 4:
        raise OnionskinError(f"convolves an image of shape {tuple(input.shape)}", fix="give a batch: (n, c, h, w)")
    kernel = tuple(weight.shape[2:])
    stride, dilation = each_axis(stride, 2), each_axis(dilation, 2)
    padding = padding_of(padding, kernel, stride, dilation)
    operands = {"x": input, "weight": weight, "bias": bias}
    if groups > 1:
        name = "conv2d_depthwise" if groups == input.shape[1] == weight.shape[0] else "conv2d_grouped"
        own = {} if name == "conv2d_depthwise" else {"groups": groups}
        return Use(name, operands, {"stride": stride, "padding": padding, "dilation": dilation, **own})
    if kernel == (1, 1) and padding == (0, 0):
        return Use("conv2d_pointwise", operands, {"stride": stride})
    if dilation != (1, 1):
        return Use("conv2d_dilated", operands, {"stride": stride, "padding": padding, "dilation": dilation})
    return Use("conv2d", operands, {"stride": stride, "padding": padding})


def forward(x: Array, weight: Array, bias: Array, stride: Any, padding: Any) -> Array:
    """y = weight @ columns + bias: a column is what the window sees at one place."""
    o, c, kh, kw = weight.shape
    x = x.transpose(1, 0, 2, 3)
    if padding != (0, 0):
        x = np.pad(x, ((0, 0), (0, 0), (padding[0], padding[0]), (padding[1], padding[1])))
    windows = np.lib.stride_tricks.sliding_window_view(x, (kh, kw), axis=(2, 3))
    if stride != (1, 1):
        windows = windows[:, :, :: stride[0], :: stride[1]]
    _, n, h, w = windows.shape[:4]
    columns = windows.transpose(0, 4, 5, 1, 2, 3).reshape(c * kh * kw, n * h * w)
    y = weight.reshape(o, -1) @ columns
    if bias is not None:
        y += bias[:, None]
    return y.reshape(o, n, h, w).transpose(1, 0, 2, 3), columns


def d_x(dy: Array, x: Array, weight: Array, stride: Any, padding: Any) -> Array:
    """Each place gives its gradient back to what its window saw, weighed as it was."""
    o, c, kh, kw = weight.shape
    n, _, h, w = dy.shape
    dy = dy.transpose(1, 0, 2, 3).reshape(o, -1)
    seen = (weight.reshape(o, -1).T @ dy).reshape(c, kh, kw, n, h, w)
    height, width = x.shape[2:]
    dx = np.zeros((c, n, height + 2 * padding[0], width + 2 * padding[1]), dtype=x.dtype)
    for i in range(kh):
        for j in range(kw):
            if stride == (1, 1):
                dx[:, :, i : i + h, j : j + w] += seen[:, i, j]
            else:
                rows = slice(i, i + stride[0] * h, stride[0])
                dx[:, :, rows, j : j + stride[1] * w : stride[1]] += seen[:, i, j]
    if padding != (0, 0):
        dx = dx[:, :, padding[0] : padding[0] + height, padding[1] : padding[1] + width]
    return dx.transpose(1, 0, 2, 3)


def d_weight(dy: Array, columns: Array, weight: Array) -> Array:
    """dweight = dy @ columns.T."""
    dy = dy.transpose(1, 0, 2, 3).reshape(len(weight), -1)
    return (dy @ columns.T).reshape(weight.shape)


def d_bias(dy: Array) -> Array:
    return dy.sum(axis=(0, 2, 3))


def tensors(x: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any) -> Tensor:
    return F.conv2d(x, weight, bias, stride=stride, padding=padding)


def torch_d_x(dy: Tensor, x: Tensor, weight: Tensor, stride: Any, padding: Any) -> Tensor:
    """Each place gives its gradient back to what its window saw, weighed as it was."""
    o, _, kh, kw = weight.shape
    seen = weight.reshape(o, -1).T @ dy.flatten(2)
    return F.fold(seen, x.shape[2:], (kh, kw), stride=stride, padding=padding)


def torch_d_weight(dy: Tensor, x: Tensor, weight: Tensor, stride: Any, padding: Any) -> Tensor:
    """dweight = dy @ columns.T: a column is what the window sees at one place."""
    columns = F.unfold(x, weight.shape[2:], stride=stride, padding=padding)
    return (dy.flatten(2) @ columns.mT).sum(dim=0).reshape(weight.shape)


def multiply_adds(y: tuple[int, ...], weight: tuple[int, ...]) -> int:
    """Every output is a sum over the window, in all channels that it sees."""
    return math.prod(y) * math.prod(weight[1:])


def trial(pick: Pick) -> Call:
    n, c, o, k = pick(1, 3), pick(1, 3), pick(1, 3), pick(2, 3)
    x, weight, bias = pick.normal(n, c, pick(4, 6), 5), pick.normal(o, c, k, 3), pick.choice([None, pick.normal(o)])
    return F.conv2d, (x, weight, bias), {"stride": pick.choice([1, 2, (1, 2)]), "padding": pick.choice([0, 1, (0, 1)])}
