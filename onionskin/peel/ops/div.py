"""Quotient of two tensors of the same shape, entry by entry."""

from __future__ import annotations

from typing import Any

import torch

from onionskin.errors import OnionskinError
from onionskin.peel.ops import Array
from onionskin.peel.ops._elementwise import read_two
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "the first divided by the second, entry by entry"
FORMULA = (
    r"y = \frac ab, \qquad \frac{\partial L}{\partial a} = \frac1b \frac{\partial L}{\partial y}, \qquad "
    r"\frac{\partial L}{\partial b} = -\frac yb \frac{\partial L}{\partial y}"
)
SPELLINGS = (
    "torch.div",
    "torch.divide",
    "torch.true_divide",
    "torch.Tensor.div",
    "torch.Tensor.div_",
    "torch.Tensor.divide",
    "torch.Tensor.true_divide",
    "torch.Tensor.__div__",
    "torch.Tensor.__truediv__",
    "torch.Tensor.__itruediv__",
)


def read(input: Any, other: Any, rounding_mode: None = None) -> Use:
    if rounding_mode is not None:
        raise OnionskinError(f"divides with rounding_mode={rounding_mode!r}", fix="divide without rounding")
    return read_two("div", input, other)


def forward(a: Array, b: Array) -> Array:
    return a / b


def d_a(dy: Array, b: Array) -> Array:
    return dy / b


def d_b(dy: Array, b: Array, y: Array) -> Array:
    return -dy * y / b


def trial(pick: Pick) -> Call:
    shape = pick(1, 4), pick(1, 5)
    return torch.div, (pick.normal(*shape), pick.positive(*shape)), {}
