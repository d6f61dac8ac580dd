"""Reverses the order along axes."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "the order is reversed, and that of the gradients with it"
FORMULA = r"y_i = x_{n - 1 - i}"
SPELLINGS = ("torch.flip", "torch.Tensor.flip")


def read(input: Tensor, *dims: Any) -> Use:
    axes = tuple(dims[0]) if len(dims) == 1 and isinstance(dims[0], (tuple, list)) else tuple(dims)
    return Use("flip", {"x": input}, {"axes": axes})


def forward(x: Array, axes: Any) -> Array:
    return np.flip(x, axes)


def d_x(dy: Array, axes: Any) -> Array:
    return np.flip(dy, axes)


def trial(pick: Pick) -> Call:
    return torch.flip, (pick.normal(pick(1, 3), pick(1, 4)), pick.choice([(0,), (1,), (0, 1)])), {}
