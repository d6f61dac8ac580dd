"""A power with a number as its exponent."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from onionskin.errors import OnionskinError
from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "each value to a power"
FORMULA = r"y = x^k, \qquad \frac{\partial y}{\partial x} = k\, x^{k-1}"
SPELLINGS = ("torch.pow", "torch.Tensor.pow", "torch.Tensor.__pow__")


def read(input: Tensor, exponent: Any) -> Use:
    if isinstance(exponent, Tensor) or not isinstance(input, Tensor):
        raise OnionskinError("takes a power whose exponent is a tensor", fix="write it as torch.exp(b * torch.log(a))")
    if exponent == 2:
        return Use("square", {"x": input})
    return Use("power", {"x": input}, {"exponent": exponent})


def forward(x: Array, exponent: float) -> Array:
    return x**exponent


def d_x(dy: Array, x: Array, exponent: float) -> Array:
    return dy * exponent * x ** (exponent - 1)


def trial(pick: Pick) -> Call:
    return torch.pow, (pick.positive(pick(1, 4), pick(1, 5)), pick.choice([3, 0.5, -1.0])), {}
