"""Square."""

from __future__ import annotations

import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "each value times itself"
FORMULA = r"y = x^2, \qquad \frac{\partial y}{\partial x} = 2x"
SPELLINGS = (
    "torch.square",
    "torch.Tensor.square",
    "torch.Tensor.square_",
)


def read(input: Tensor) -> Use:
    return Use("square", {"x": input})


def forward(x: Array) -> Array:
    return x**2


def d_x(dy: Array, x: Array) -> Array:
    return 2 * dy * x


def trial(pick: Pick) -> Call:
    return torch.square, (pick.normal(pick(1, 4), pick(1, 5)),), {}
