"""A tensor taken from a number, as in 1 - p."""

from __future__ import annotations

from typing import Any

import torch

from onionskin.peel.ops import Array
from onionskin.peel.ops._elementwise import read_two
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "what is missing to the number; the gradient changes sign"
FORMULA = r"y = c - x"
SPELLINGS = ("torch.rsub", "torch.Tensor.__rsub__")


def read(input: Any, other: Any, alpha: float = 1) -> Use:
    return read_two("sub", other, input, alpha)


def forward(x: Array, number: float) -> Array:
    return number - x


def d_x(dy: Array) -> Array:
    return -dy


def trial(pick: Pick) -> Call:
    return torch.Tensor.__rsub__, (pick.normal(pick(1, 4)), pick.choice([1, 0.5])), {}
