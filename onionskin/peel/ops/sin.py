"""Sine."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "the sine of each value"
FORMULA = r"y = \sin x, \qquad \frac{\partial y}{\partial x} = \cos x"
SPELLINGS = ("torch.sin", "torch.Tensor.sin")


def read(input: Tensor) -> Use:
    return Use("sin", {"x": input})


def forward(x: Array) -> Array:
    return np.sin(x)


def d_x(dy: Array, x: Array) -> Array:
    return dy * np.cos(x)


def trial(pick: Pick) -> Call:
    return torch.sin, (pick.normal(pick(1, 4), pick(1, 5)),), {}
