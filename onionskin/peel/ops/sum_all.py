"""Sum of all values."""

from __future__ import annotations

import numpy as np
import torch

from onionskin.peel.ops import Array
from onionskin.peel.trial import Call, Pick

SENTENCE = "the sum of everything; everything gets the same gradient"
FORMULA = r"y = \sum_i x_i, \qquad \frac{\partial y}{\partial x_i} = 1"


def forward(x: Array) -> Array:
    return x.sum()


def d_x(dy: Array, x: Array) -> Array:
    return np.zeros_like(x) + dy


def trial(pick: Pick) -> Call:
    return torch.sum, (pick.normal(pick(1, 3), pick(2, 4)),), {}
