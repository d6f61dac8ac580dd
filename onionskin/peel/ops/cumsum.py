"""Running sums along an axis."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "every value with all before it; its gradient is the sum of all after it"
FORMULA = (
    r"y_i = \sum_{k \le i} x_k, \qquad \frac{\partial L}{\partial x_i} = \sum_{k \ge i} \frac{\partial L}{\partial y_k}"
)
SPELLINGS = ("torch.cumsum", "torch.Tensor.cumsum")


def read(input: Tensor, dim: int, dtype: Any = None) -> Use:
    return Use("cumsum", {"x": input}, {"axis": dim})


def forward(x: Array, axis: int) -> Array:
    return x.cumsum(axis=axis)


def d_x(dy: Array, axis: int) -> Array:
    return np.flip(np.flip(dy, (axis,)).cumsum(axis=axis), (axis,))


def trial(pick: Pick) -> Call:
    return torch.cumsum, (pick.normal(pick(1, 3), pick(1, 4)), pick.choice([0, 1, -1])), {}
