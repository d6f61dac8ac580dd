"""Resizes images so that the first and last pixels keep their places (``align_corners=True``); see ``interpolate``."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.trial import Call, Pick

SENTENCE = "the image is resized between its corners; new pixels are weighted means of old ones"
FORMULA = r"y = R\, x\, C^\top, \qquad R_{ij} = \max(0,\; 1 - |p_i - j|), \qquad p_i = i \tfrac{h - 1}{H - 1}"


def forward(x: Array, size: Any) -> Array:
    """y = R x C.T, with a row of weights for each new row and each new column."""
    rows = stretched(size[0], x.shape[2], x.dtype)
    columns = stretched(size[1], x.shape[3], x.dtype)
    return rows @ x @ columns.T


def d_x(dy: Array, x: Array, size: Any) -> Array:
    """dx = R.T dy C."""
    rows = stretched(size[0], x.shape[2], x.dtype)
    columns = stretched(size[1], x.shape[3], x.dtype)
    return rows.T @ dy @ columns


def stretched(new: int, old: int, dtype: Any) -> Array:
    """How much each new place takes of each old one: 1 where it lies, down to 0 one further."""
    place = np.arange(new, dtype=dtype) * ((old - 1) / (new - 1))
    return np.clip(1 - np.abs(place[:, None] - np.arange(old, dtype=dtype)), 0, None)


def tensors(x: Tensor, size: Any) -> Tensor:
    return F.interpolate(x, size, mode="bilinear", align_corners=True)


def trial(pick: Pick) -> Call:
    x = pick.normal(1, pick(1, 2), pick(2, 4), 3)
    return F.interpolate, (x, (pick(2, 6), pick.choice([2, 4, 5]))), {"mode": "bilinear", "align_corners": True}
