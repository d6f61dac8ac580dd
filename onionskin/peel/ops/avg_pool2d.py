"""Average pooling of images (n, c, h, w): of each window, the mean stays. Zeros of the padding count."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.errors import OnionskinError
from onionskin.peel.ops import Array
from onionskin.peel.ops._places import each_axis, refuse_ceil
from onionskin.peel.ops.max_pool2d import parts
from onionskin.peel.ops.pad import padded
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "each window becomes its mean, and its gradient is shared out evenly"
FORMULA = r"y_p = \frac{1}{k_h k_w} \sum_{i,j} x_{sp+i,\,sp+j}"
SPELLINGS = ("torch.nn.AvgPool2d", "torch.nn.functional.avg_pool2d")


def read(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Use:
    if divisor_override is not None:
        raise OnionskinError("pools with divisor_override", fix="leave it out, and scale the result")
    kernel = each_axis(kernel_size, 2)
    stride, padding = each_axis(kernel if stride in (None, []) else stride, 2), each_axis(padding, 2)
    refuse_ceil(input, kernel, stride, padding, (1, 1), ceil_mode=ceil_mode)
    inside = not count_include_pad and padding != (0, 0)
    settings = {"kernel": kernel, "stride": stride, "padding": padding}
    return Use("avg_pool2d_inside" if inside else "avg_pool2d", {"x": input}, settings)


def forward(x: Array, kernel: Any, stride: Any, padding: Any) -> Array:
    """y = the mean of the values that each window sees."""
    if padding != (0, 0):
        x = padded(x, padding)
    return sum(parts(x, kernel, stride)) / (kernel[0] * kernel[1])


def d_x(dy: Array, x: Array, kernel: Any, stride: Any, padding: Any) -> Array:
    """Every place of a window gets the same share of its gradient."""
    height, width = x.shape[2:]
    dx = np.zeros_like(x)
    if padding != (0, 0):
        dx = padded(dx, padding)
    share = dy / (kernel[0] * kernel[1])
    for dseen in parts(dx, kernel, stride):
        dseen += share
    if padding != (0, 0):
        dx = dx[:, :, padding[0] : padding[0] + height, padding[1] : padding[1] + width]
    return dx


def tensors(x: Tensor, kernel: Any, stride: Any, padding: Any) -> Tensor:
    return F.avg_pool2d(x, kernel, stride, padding)


def trial(pick: Pick) -> Call:
    x = pick.normal(pick(1, 3), pick(1, 3), pick(4, 7), pick(4, 6))
    k = pick.choice([2, 3, (2, 3)])
    return F.avg_pool2d, (x, k), {"stride": pick.choice([None, 1, 2]), "padding": pick.choice([0, 1])}
