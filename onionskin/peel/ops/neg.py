"""Negation."""

from __future__ import annotations

import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "the sign turned"
FORMULA = r"y = -x, \qquad \frac{\partial y}{\partial x} = -1"
SPELLINGS = (
    "torch.neg",
    "torch.Tensor.neg",
    "torch.negative",
    "torch.Tensor.negative",
    "torch.Tensor.__neg__",
    "torch.Tensor.neg_",
)


def read(input: Tensor) -> Use:
    return Use("neg", {"x": input})


def forward(x: Array) -> Array:
    return -x


def d_x(dy: Array) -> Array:
    return -dy


def trial(pick: Pick) -> Call:
    return torch.neg, (pick.normal(pick(1, 4), pick(1, 5)),), {}
