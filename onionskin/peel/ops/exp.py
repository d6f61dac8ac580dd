"""Exponential."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "e to the power of each value"
FORMULA = r"y = e^x, \qquad \frac{\partial y}{\partial x} = y"
SPELLINGS = (
    "torch.exp",
    "torch.Tensor.exp",
    "torch.Tensor.exp_",
)


def read(input: Tensor) -> Use:
    return Use("exp", {"x": input})


def forward(x: Array) -> Array:
    return np.exp(x)


def d_x(dy: Array, y: Array) -> Array:
    return dy * y


def trial(pick: Pick) -> Call:
    return torch.exp, (pick.normal(pick(1, 4), pick(1, 5)),), {}
