"""The exponential less 1, exact near 0."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "the exponential less 1"
FORMULA = r"y = e^x - 1, \qquad \frac{\partial y}{\partial x} = y + 1"
SPELLINGS = ("torch.expm1", "torch.Tensor.expm1")


def read(input: Tensor) -> Use:
    return Use("expm1", {"x": input})


def forward(x: Array) -> Array:
    return np.expm1(x)


def d_x(dy: Array, y: Array) -> Array:
    return dy * (y + 1)


def trial(pick: Pick) -> Call:
    return torch.expm1, (pick.normal(pick(1, 4), pick(1, 5)),), {}
