"""A number divided by a tensor."""

from __future__ import annotations

from typing import Any

import torch

from onionskin.peel.ops import Array
from onionskin.peel.ops._elementwise import read_two
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "the number divided by every entry"
FORMULA = r"y = \frac cx, \qquad \frac{\partial y}{\partial x} = -\frac yx"
SPELLINGS = ("torch.Tensor.__rtruediv__", "torch.Tensor.__rdiv__")


def read(input: Any, other: Any) -> Use:
    return read_two("div", other, input)


def forward(x: Array, number: float) -> Array:
    return number / x


def d_x(dy: Array, x: Array, y: Array) -> Array:
    return -dy * y / x


def trial(pick: Pick) -> Call:
    return torch.Tensor.__rtruediv__, (pick.positive(pick(1, 4)), pick.choice([1, 2.5])), {}
