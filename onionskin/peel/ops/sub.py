"""Difference of two tensors of the same shape, entry by entry."""

from __future__ import annotations

from typing import Any

import torch

from onionskin.peel.ops import Array
from onionskin.peel.ops._elementwise import read_two
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "the second is taken from the first; its gradient changes sign"
FORMULA = r"y = a - b"
SPELLINGS = (
    "torch.sub",
    "torch.subtract",
    "torch.Tensor.sub",
    "torch.Tensor.sub_",
    "torch.Tensor.subtract",
    "torch.Tensor.__sub__",
    "torch.Tensor.__isub__",
)


def read(input: Any, other: Any, alpha: float = 1) -> Use:
    return read_two("sub", input, other, alpha)


def forward(a: Array, b: Array) -> Array:
    return a - b


def d_a(dy: Array) -> Array:
    return dy


def d_b(dy: Array) -> Array:
    return -dy


def trial(pick: Pick) -> Call:
    shape = pick(1, 4), pick(1, 5)
    return torch.sub, (pick.normal(*shape), pick.normal(*shape)), {}
