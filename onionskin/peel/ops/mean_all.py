"""Mean of all values."""

from __future__ import annotations

import numpy as np
import torch

from onionskin.peel.ops import Array
from onionskin.peel.trial import Call, Pick

SENTENCE = "the mean of everything; its gradient is shared out evenly"
FORMULA = r"y = \frac1n \sum_i x_i, \qquad \frac{\partial y}{\partial x_i} = \frac1n"


def forward(x: Array) -> Array:
    return x.mean()


def d_x(dy: Array, x: Array, size: int) -> Array:
    return np.zeros_like(x) + dy / size


def trial(pick: Pick) -> Call:
    return torch.mean, (pick.normal(pick(1, 3), pick(2, 4)),), {}
