"""Product of two tensors of the same shape, entry by entry."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.ops._elementwise import read_two
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "entry times entry; each one's gradient is weighed with the other"
FORMULA = r"y = a \odot b, \qquad \frac{\partial L}{\partial a} = \frac{\partial L}{\partial y} \odot b"
SPELLINGS = (
    "torch.mul",
    "torch.multiply",
    "torch.Tensor.mul",
    "torch.Tensor.mul_",
    "torch.Tensor.multiply",
    "torch.Tensor.__mul__",
    "torch.Tensor.__rmul__",
    "torch.Tensor.__imul__",
)


def read(input: Any, other: Any) -> Use:
    return read_two("mul", *((input, other) if isinstance(input, Tensor) else (other, input)))


def forward(a: Array, b: Array) -> Array:
    return a * b


def d_a(dy: Array, b: Array) -> Array:
    return dy * b


def d_b(dy: Array, a: Array) -> Array:
    return dy * a


def trial(pick: Pick) -> Call:
    shape = pick(1, 4), pick(1, 5)
    return torch.mul, (pick.normal(*shape), pick.normal(*shape)), {}
