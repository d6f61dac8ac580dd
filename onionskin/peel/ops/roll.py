"""Moves everything along axes; what leaves at one end comes in at the other."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from onionskin.errors import OnionskinError
from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "everything moves along, and what leaves at one end comes in at the other"
FORMULA = r"y_{(i + k) \bmod n} = x_i"
SPELLINGS = ("torch.roll", "torch.Tensor.roll")


def read(input: Tensor, shifts: Any, dims: Any = None) -> Use:
    if dims is None or dims == ():
        raise OnionskinError("rolls a tensor as if it were flat", fix="say along which axis: roll(1, dims=1)")
    pairs = [tuple(each) if isinstance(each, (tuple, list)) else (each,) for each in (shifts, dims)]
    return Use("roll", {"x": input}, {"by": pairs[0], "back": tuple(-k for k in pairs[0]), "axes": pairs[1]})


def forward(x: Array, by: Any, axes: Any) -> Array:
    return np.roll(x, by, axes)


def d_x(dy: Array, back: Any, axes: Any) -> Array:
    return np.roll(dy, back, axes)


def trial(pick: Pick) -> Call:
    return torch.roll, (pick.normal(pick(1, 3), pick(1, 4)), *pick.choice([(1, 1), ((1, -2), (0, 1))])), {}
