"""Two axes exchanged."""

from __future__ import annotations

import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.ops.permute import permuted
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "two axes exchanged"
FORMULA = r"y_{ji} = x_{ij}"
SPELLINGS = (
    "torch.transpose",
    "torch.Tensor.transpose",
    "torch.swapaxes",
    "torch.Tensor.swapaxes",
    "torch.swapdims",
    "torch.Tensor.swapdims",
)


def read(input: Tensor, dim0: int, dim1: int) -> Use:
    a, b = sorted((dim0 % input.ndim, dim1 % input.ndim))
    if (a, b) == (input.ndim - 2, input.ndim - 1):
        return Use("transpose", {"x": input})
    axes = list(range(input.ndim))
    axes[a], axes[b] = b, a
    return permuted(input, axes)


def forward(x: Array) -> Array:
    return x.mT


def d_x(dy: Array) -> Array:
    return dy.mT


def trial(pick: Pick) -> Call:
    return torch.transpose, (pick.normal(pick(1, 3), 2, pick(2, 4)), *pick.choice([(1, 2), (-1, -2)])), {}
