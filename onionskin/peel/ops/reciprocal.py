"""One over each value."""

from __future__ import annotations

import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "one over each value"
FORMULA = r"y = \frac1x, \qquad \frac{\partial y}{\partial x} = -y^2"
SPELLINGS = (
    "torch.reciprocal",
    "torch.Tensor.reciprocal",
    "torch.Tensor.reciprocal_",
)


def read(input: Tensor) -> Use:
    return Use("reciprocal", {"x": input})


def forward(x: Array) -> Array:
    return 1 / x


def d_x(dy: Array, y: Array) -> Array:
    return -dy * y**2


def trial(pick: Pick) -> Call:
    return torch.reciprocal, (pick.positive(pick(1, 4), pick(1, 5)),), {}
