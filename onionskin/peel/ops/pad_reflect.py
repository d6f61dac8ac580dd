"""Padding with what the border would show as a mirror."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.trial import Call, Pick

SENTENCE = "the border mirrors what is inside"
FORMULA = r"y_{-k} = x_{k}"


def forward(x: Array, width: Any) -> Array:
    return np.pad(x, width, mode="reflect")


def d_x(dy: Array, x: Array, width: Any) -> Array:
    """What was mirrored gets the gradients of its images, too: axis after axis."""
    for axis, (before, after) in enumerate(width):
        length = x.shape[axis]
        dy = np.moveaxis(dy, axis, 0)
        dx = dy[before : before + length] + 0
        dx[1 : before + 1] += np.flip(dy[:before], (0,))
        dx[length - 1 - after : length - 1] += np.flip(dy[before + length :], (0,))
        dy = np.moveaxis(dx, 0, axis)
    return dy


def tensors(x: Tensor, sides: Any) -> Tensor:
    return F.pad(x, sides, mode="reflect")


def trial(pick: Pick) -> Call:
    return F.pad, (pick.normal(2, 1, 3, 4), [pick(0, 2) for _ in range(4)]), {"mode": "reflect"}
