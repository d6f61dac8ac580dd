"""Global average pooling (n, c, h, w) to (n, c, 1, 1): the mean of every channel."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.ops._places import each_or_none
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "every channel becomes its mean over the image"
FORMULA = r"y_{n,c} = \frac{1}{h w} \sum_{i,j} x_{n,c,i,j}"
SPELLINGS = ("torch.nn.AdaptiveAvgPool2d", "torch.nn.functional.adaptive_avg_pool2d")


def read(input: Tensor, output_size: Any) -> Use:
    size = tuple(input.shape[2 + i] if n is None else n for i, n in enumerate(each_or_none(output_size)))
    if size == (1, 1):
        return Use("adaptive_avg_pool2d", {"x": input})
    kernel = tuple(whole // n for whole, n in zip(input.shape[2:], size, strict=True))
    if tuple(k * n for k, n in zip(kernel, size, strict=True)) == tuple(input.shape[2:]):
        return Use("avg_pool2d", {"x": input}, {"kernel": kernel, "stride": kernel, "padding": (0, 0)})
    return Use("adaptive_avg_pool2d_cells", {"x": input}, {"size": size})


def forward(x: Array) -> Array:
    return x.mean(axis=(2, 3), keepdims=True)


def d_x(dy: Array, x: Array) -> Array:
    return np.broadcast_to(dy / (x.shape[2] * x.shape[3]), x.shape)


def tensors(x: Tensor) -> Tensor:
    return F.adaptive_avg_pool2d(x, 1)


def trial(pick: Pick) -> Call:
    return F.adaptive_avg_pool2d, (pick.normal(pick(1, 3), pick(1, 3), pick(1, 4), pick(1, 4)), 1), {}
