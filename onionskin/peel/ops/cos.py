"""Cosine."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "the cosine of each value"
FORMULA = r"y = \cos x, \qquad \frac{\partial y}{\partial x} = -\sin x"
SPELLINGS = ("torch.cos", "torch.Tensor.cos")


def read(input: Tensor) -> Use:
    return Use("cos", {"x": input})


def forward(x: Array) -> Array:
    return np.cos(x)


def d_x(dy: Array, x: Array) -> Array:
    return -dy * np.sin(x)


def trial(pick: Pick) -> Call:
    return torch.cos, (pick.normal(pick(1, 4), pick(1, 5)),), {}
