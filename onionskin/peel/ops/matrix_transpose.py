"""Rows and columns exchanged."""

from __future__ import annotations

import torch
from torch import Tensor

from onionskin.errors import OnionskinError
from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "rows and columns exchanged"
FORMULA = r"y_{ji} = x_{ij}"
SPELLINGS = ("torch.t", "torch.Tensor.t", "torch.Tensor.T", "torch.Tensor.mT")


def read(input: Tensor) -> Use:
    if input.ndim < 2:
        raise OnionskinError("transposes a vector", fix="leave it out: a vector has no other order")
    if input.ndim > 2:
        return Use("transpose", {"x": input})
    return Use("matrix_transpose", {"x": input})


def forward(x: Array) -> Array:
    return x.T


def d_x(dy: Array) -> Array:
    return dy.T


def trial(pick: Pick) -> Call:
    return torch.t, (pick.normal(pick(1, 3), pick(2, 4)),), {}
