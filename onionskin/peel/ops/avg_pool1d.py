"""Average pooling of sequences (n, c, t): of each window, the mean stays. Zeros of the padding count."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.errors import OnionskinError
from onionskin.peel.ops import Array
from onionskin.peel.ops._places import each_axis, refuse_ceil
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "each window becomes its mean, and its gradient is shared out evenly"
FORMULA = r"y_t = \frac1k \sum_i x_{st+i}"
SPELLINGS = ("torch.nn.AvgPool1d", "torch.nn.functional.avg_pool1d", "torch.avg_pool1d")


def read(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Use:
    kernel = each_axis(kernel_size, 1)
    stride, padding = each_axis(kernel if stride in (None, []) else stride, 1), each_axis(padding, 1)
    refuse_ceil(input, kernel, stride, padding, (1,), ceil_mode=ceil_mode)
    if not count_include_pad and padding != (0,):
        raise OnionskinError("pools with count_include_pad=False", fix="let the padding count, or use padding=0")
    return Use("avg_pool1d", {"x": input}, {"kernel": kernel[0], "stride": stride[0], "padding": padding[0]})


def forward(x: Array, kernel: int, stride: int, padding: int) -> Array:
    """y = the mean of the values that each window sees."""
    n, c, length = x.shape
    if padding:
        inside, x = x, np.zeros((n, c, length + 2 * padding), dtype=x.dtype)
        x[:, :, padding : padding + length] = inside
    t = (x.shape[2] - kernel) // stride + 1
    return sum(x[:, :, i : i + stride * t : stride] for i in range(kernel)) / kernel


def d_x(dy: Array, x: Array, kernel: int, stride: int, padding: int) -> Array:
    """Every place of a window gets the same share of its gradient."""
    n, c, length = x.shape
    t = dy.shape[2]
    dx = np.zeros((n, c, length + 2 * padding), dtype=x.dtype)
    for i in range(kernel):
        dx[:, :, i : i + stride * t : stride] += dy / kernel
    if padding:
        dx = dx[:, :, padding : padding + length]
    return dx


def tensors(x: Tensor, kernel: int, stride: int, padding: int) -> Tensor:
    return F.avg_pool1d(x, kernel, stride, padding)


def trial(pick: Pick) -> Call:
    x = pick.normal(pick(1, 3), pick(1, 3), pick(4, 7))
    return F.avg_pool1d, (x, pick(2, 3)), {"stride": pick.choice([None, 1, 2]), "padding": pick(0, 1)}
