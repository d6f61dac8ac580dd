"""The smaller of two tensors of the same shape, entry by entry. Where they are equal, each gets half the gradient."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.ops._elementwise import read_two
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "of each two values the smaller; it alone hears back"
FORMULA = r"y = \min(a, b)"
SPELLINGS = ("torch.minimum", "torch.Tensor.minimum")


def read(input: Tensor, other: Tensor) -> Use:
    return read_two("minimum", input, other)


def forward(a: Array, b: Array) -> Array:
    return np.minimum(a, b)


def d_a(dy: Array, a: Array, b: Array) -> Array:
    return np.where(a == b, dy / 2, dy) * (a <= b)


def d_b(dy: Array, a: Array, b: Array) -> Array:
    return np.where(a == b, dy / 2, dy) * (b <= a)


def trial(pick: Pick) -> Call:
    shape = pick(1, 4), pick(1, 5)
    return torch.minimum, (pick.normal(*shape), pick.normal(*shape)), {}
