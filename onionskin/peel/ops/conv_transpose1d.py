"""Transposed convolution of sequences (n, c, t): makes them longer. The weights stand as in × out × window."""

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

SENTENCE = "every moment paints the window of weights, scaled by its value, onto a longer sequence"
FORMULA = r"y_{n,o,\,st+di-q} = b_o + \sum_{c,i,t} W_{c,o,i}\; x_{n,c,t}"
SPELLINGS = ("torch.nn.ConvTranspose1d", "torch.nn.functional.conv_transpose1d", "torch.conv_transpose1d")
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
    if input.ndim != 3:
        raise OnionskinError(f"convolves a sequence of shape {tuple(input.shape)}", fix="give a batch: (n, c, t)")
    given = {"stride": stride, "padding": padding, "output_padding": output_padding, "dilation": dilation}
    settings = {name: each_axis(value, 1)[0] for name, value in given.items()}
    return Use("conv_transpose1d", {"x": input, "weight": weight, "bias": bias}, settings)


def forward(
    x: Array, weight: Array, bias: Array, stride: int, padding: int, output_padding: int, dilation: int
) -> Array:
    """Every moment adds its value times the weights to the places under its window."""
    n, _, t = x.shape
    o, k = weight.shape[1:]
    painted = np.einsum("cok,nct->nokt", weight, x)
    length = stride * (t - 1) + dilation * (k - 1) + 1 + output_padding
    y = np.zeros((n, o, length), dtype=x.dtype)
    for i in range(k):
        first = dilation * i
        y[:, :, first : first + stride * (t - 1) + 1 : stride] += painted[:, :, i]
    y = y[:, :, padding : length - padding]
    return y if bias is None else y + bias[:, None]


def backward(dy: Array, x: Array, weight: Array, stride: int, padding: int, dilation: int) -> Array:
    """Every moment hears what became of what it painted: the same sums, read backwards."""
    n, _, t = x.shape
    o, k = weight.shape[1:]
    whole = np.zeros((n, o, dy.shape[2] + 2 * padding), dtype=x.dtype)
    whole[:, :, padding : padding + dy.shape[2]] = dy
    dx, dweight = np.zeros_like(x), np.zeros_like(weight)
    for i in range(k):
        first = dilation * i
        painted = whole[:, :, first : first + stride * (t - 1) + 1 : stride]
        dx += np.einsum("co,not->nct", weight[:, :, i], painted)
        dweight[:, :, i] = np.einsum("nct,not->co", x, painted)
    return dx, dweight


def d_bias(dy: Array) -> Array:
    return dy.sum(axis=(0, 2))


def tensors(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: int,
    padding: int,
    output_padding: int,
    dilation: int,
) -> Tensor:
    return F.conv_transpose1d(x, weight, bias, stride, padding, output_padding, dilation=dilation)


def multiply_adds(x: tuple[int, ...], weight: tuple[int, ...]) -> int:
    """Every input is spread over the window, in all channels that hear of it."""
    return math.prod(x) * math.prod(weight[1:])


def trial(pick: Pick) -> Call:
    n, c, o, s = pick(1, 2), pick(1, 3), pick(1, 3), pick(1, 3)
    x, weight, bias = pick.normal(n, c, pick(2, 4)), pick.normal(c, o, 3), pick.choice([None, pick.normal(o)])
    settings = {"stride": s, "padding": pick(0, 1), "output_padding": pick(0, s - 1), "dilation": pick(1, 2)}
    return F.conv_transpose1d, (x, weight, bias), settings
