"""Sum of two tensors of the same shape, entry by entry."""

from __future__ import annotations

from typing import Any

import torch

from onionskin.peel.ops import Array
from onionskin.peel.ops._elementwise import read_two
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "both are added; the gradient goes to both"
FORMULA = r"y = a + b"
SPELLINGS = (
    "torch.add",
    "torch.Tensor.add",
    "torch.Tensor.add_",
    "torch.Tensor.__add__",
    "torch.Tensor.__radd__",
    "torch.Tensor.__iadd__",
)


def read(input: Any, other: Any, alpha: float = 1) -> Use:
    return read_two("add", input, other, alpha)


def forward(a: Array, b: Array) -> Array:
    return a + b


def d_a(dy: Array) -> Array:
    return dy


def d_b(dy: Array) -> Array:
    return dy


def trial(pick: Pick) -> Call:
    shape = pick(1, 4), pick(1, 5)
    return torch.add, (pick.normal(*shape), pick.normal(*shape)), {}
