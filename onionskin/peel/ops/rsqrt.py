"""One over the square root."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "one over the square root of each value"
FORMULA = r"y = \frac{1}{\sqrt x}, \qquad \frac{\partial y}{\partial x} = -\tfrac12 y^3"
SPELLINGS = ("torch.rsqrt", "torch.Tensor.rsqrt")


def read(input: Tensor) -> Use:
    return Use("rsqrt", {"x": input})


def forward(x: Array) -> Array:
    return 1 / np.sqrt(x)


def d_x(dy: Array, y: Array) -> Array:
    return -0.5 * dy * y**3


def trial(pick: Pick) -> Call:
    return torch.rsqrt, (pick.positive(pick(1, 4), pick(1, 5)),), {}
