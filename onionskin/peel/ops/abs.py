"""Absolute value. At 0 itself the slope is taken as 0."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "how far each value is from 0"
FORMULA = r"y = |x|, \qquad \frac{\partial y}{\partial x} = \operatorname{sign}(x)"
SPELLINGS = (
    "torch.abs",
    "torch.Tensor.abs",
    "torch.Tensor.__abs__",
    "torch.Tensor.abs_",
)


def read(input: Tensor) -> Use:
    return Use("abs", {"x": input})


def forward(x: Array) -> Array:
    return np.abs(x)


def d_x(dy: Array, x: Array) -> Array:
    return dy * np.sign(x)


def trial(pick: Pick) -> Call:
    return torch.abs, (pick.normal(pick(1, 4), pick(1, 5)),), {}
