"""Natural logarithm."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "the natural logarithm of each value"
FORMULA = r"y = \ln x, \qquad \frac{\partial y}{\partial x} = \frac1x"
SPELLINGS = (
    "torch.log",
    "torch.Tensor.log",
    "torch.Tensor.log_",
)


def read(input: Tensor) -> Use:
    return Use("log", {"x": input})


def forward(x: Array) -> Array:
    return np.log(x)


def d_x(dy: Array, x: Array) -> Array:
    return dy / x


def trial(pick: Pick) -> Call:
    return torch.log, (pick.positive(pick(1, 4), pick(1, 5)),), {}
