"""Max pooling of images (n, c, h, w): of each window, the largest value stays.

Where two are equal, the first has it: row by row, as PyTorch looks.
"""

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
FORMULA = r"y_p = \max_{i,j}\; x_{sp+i,\,sp+j}"
SPELLINGS = ("torch.nn.MaxPool2d", "torch.nn.functional.max_pool2d", "torch.max_pool2d")


def read(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Use:
    if return_indices:
        raise OnionskinError("pools with return_indices=True", fix="leave it out; only the values are peeled")
    kernel = each_axis(kernel_size, 2)
    stride, padding = each_axis(kernel if stride in (None, []) else stride, 2), each_axis(padding, 2)
    dilation = each_axis(dilation, 2)
    refuse_ceil(input, kernel, stride, padding, dilation, ceil_mode=ceil_mode)
    settings = {"kernel": kernel, "stride": stride, "padding": padding}
    if dilation != (1, 1):
        raise OnionskinError(f"pools with dilation={dilation}", fix="pool with dilation=1")
    return Use("max_pool2d", {"x": input}, settings)


def forward(x: Array, kernel: Any, stride: Any, padding: Any) -> Array:
    """y = the largest of the values that each window sees."""
    if padding != (0, 0):
        x = walled(x, padding)
    y, *others = parts(x, kernel, stride)
    for other in others:
        y = np.maximum(y, other)
    return y


def d_x(dy: Array, x: Array, y: Array, kernel: Any, stride: Any, padding: Any) -> Array:
    """The gradient goes to the place of the largest value; of equal ones, to the first."""
    height, width = x.shape[2:]
    if padding != (0, 0):
        x = walled(x, padding)
    dx = np.zeros_like(x)
    left = dy  # what no place has got yet
    for seen, dseen in zip(parts(x, kernel, stride), parts(dx, kernel, stride), strict=True):
        got = left * (seen == y)
        dseen += got
        left = left - got
    if padding != (0, 0):
        dx = dx[:, :, padding[0] : padding[0] + height, padding[1] : padding[1] + width]
    return dx


def parts(x: Array, kernel: Any, stride: Any) -> Array:
    """Split images by the place within the window: each part holds one value of every window."""
    h = (x.shape[2] - kernel[0]) // stride[0] + 1
    w = (x.shape[3] - kernel[1]) // stride[1] + 1
    return [
        x[:, :, i : i + stride[0] * h : stride[0], j : j + stride[1] * w : stride[1]]
        for i in range(kernel[0])
        for j in range(kernel[1])
    ]


def walled(x: Array, padding: Any) -> Array:
    """Put minus infinity around images: it is never the largest."""
    sides = (padding[0], padding[0]), (padding[1], padding[1])
    return np.pad(x, ((0, 0), (0, 0), *sides), constant_values=-np.inf)


def torch_walled(x: Tensor, padding: Any) -> Tensor:
    """Put minus infinity around images: it is never the largest."""
    return F.pad(x, (padding[1], padding[1], padding[0], padding[0]), value=-torch.inf)


def tensors(x: Tensor, kernel: Any, stride: Any, padding: Any) -> Tensor:
    return F.max_pool2d(x, kernel, stride, padding)


def trial(pick: Pick) -> Call:
    x = pick.normal(pick(1, 3), pick(1, 3), pick(4, 7), pick(4, 6))
    k = pick.choice([2, 3, (2, 3)])
    return F.max_pool2d, (x, k), {"stride": pick.choice([None, 1, 2]), "padding": pick.choice([0, 1])}
