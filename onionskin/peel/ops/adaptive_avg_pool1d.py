"""Global average pooling (n, c, t) to (n, c, 1): the mean of every channel over the sequence."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.errors import OnionskinError
from onionskin.peel.ops import Array
from onionskin.peel.ops._places import each_axis
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "every channel becomes its mean over the sequence"
FORMULA = r"y_{n,c} = \frac1T \sum_t x_{n,c,t}"
SPELLINGS = ("torch.nn.AdaptiveAvgPool1d", "torch.nn.functional.adaptive_avg_pool1d", "torch.adaptive_avg_pool1d")


def read(input: Tensor, output_size: Any) -> Use:
    (size,), length = each_axis(output_size, 1), input.shape[2]
    if size == 1:
        return Use("adaptive_avg_pool1d", {"x": input})
    if length % size:
        raise OnionskinError(f"pools {length} values to {size}", fix=f"pool to a size that divides {length}")
    return Use("avg_pool1d", {"x": input}, {"kernel": length // size, "stride": length // size, "padding": 0})


def forward(x: Array) -> Array:
    return x.mean(axis=2, keepdims=True)


def d_x(dy: Array, x: Array) -> Array:
    return np.broadcast_to(dy / x.shape[2], x.shape)


def tensors(x: Tensor) -> Tensor:
    return F.adaptive_avg_pool1d(x, 1)


def trial(pick: Pick) -> Call:
    return F.adaptive_avg_pool1d, (pick.normal(pick(1, 3), pick(1, 3), pick(1, 5)), 1), {}
