"""Every example as one row."""

from __future__ import annotations

import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.ops.reshape import reshaped
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "every example as one row"
FORMULA = r"y_{n,i} = x_n \text{ in reading order}"
SPELLINGS = ("torch.nn.Flatten", "torch.flatten", "torch.Tensor.flatten")


def read(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Use:
    if start_dim == 1 and end_dim in (-1, input.ndim - 1) and input.ndim > 2:
        return Use("flatten", {"x": input})
    return reshaped(input, torch.empty(input.shape, device="meta").flatten(start_dim, end_dim).shape)


def forward(x: Array) -> Array:
    return x.reshape(len(x), -1)


def d_x(dy: Array, x: Array) -> Array:
    return dy.reshape(x.shape)


def trial(pick: Pick) -> Call:
    return torch.flatten, (pick.normal(pick(1, 3), pick(1, 3), pick(1, 4)), 1), {}
