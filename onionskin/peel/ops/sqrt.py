"""Square root."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "the square root of each value"
FORMULA = r"y = \sqrt x, \qquad \frac{\partial y}{\partial x} = \frac{1}{2 y}"
SPELLINGS = (
    "torch.sqrt",
    "torch.Tensor.sqrt",
    "torch.Tensor.sqrt_",
)


def read(input: Tensor) -> Use:
    return Use("sqrt", {"x": input})


def forward(x: Array) -> Array:
    return np.sqrt(x)


def d_x(dy: Array, y: Array) -> Array:
    return dy / (2 * y)


def trial(pick: Pick) -> Call:
    return torch.sqrt, (pick.positive(pick(1, 4), pick(1, 5)),), {}
