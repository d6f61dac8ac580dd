"""Enlarges images by whole numbers: every pixel becomes a block of its like."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.trial import Call, Pick

SENTENCE = "every pixel becomes a block of equal pixels, whose gradients add up"
FORMULA = r"y_{i,j} = x_{\lfloor i/s \rfloor, \lfloor j/s \rfloor}"


def forward(x: Array, times: Any) -> Array:
    return np.repeat(np.repeat(x, times[0], axis=2), times[1], axis=3)


def d_x(dy: Array, x: Array, times: Any) -> Array:
    """dx = the sum of dy over each block."""
    n, c, h, w = x.shape
    return dy.reshape(n, c, h, times[0], w, times[1]).sum(axis=(3, 5))


def tensors(x: Tensor, times: Any) -> Tensor:
    return F.interpolate(x, scale_factor=times)


def trial(pick: Pick) -> Call:
    x = pick.normal(pick(1, 2), pick(1, 2), pick(1, 4), 3)
    return F.interpolate, (x,), {"scale_factor": pick.choice([1, 2, (2, 3)])}
