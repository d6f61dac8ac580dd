"""The sign of each value; no gradient passes."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "the sign alone: 1 or -1"
FORMULA = r"y = \operatorname{sgn} x, \qquad \frac{\partial y}{\partial x} = 0"
SPELLINGS = ("torch.sign", "torch.Tensor.sign", "torch.sgn", "torch.Tensor.sgn")


def read(input: Tensor) -> Use:
    return Use("sign", {"x": input})


def forward(x: Array) -> Array:
    return np.sign(x)


def d_x(x: Array) -> Array:
    return np.zeros_like(x)


def trial(pick: Pick) -> Call:
    return torch.sign, (pick.normal(pick(1, 4), pick(1, 3)),), {}
