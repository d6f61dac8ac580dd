"""Resizes images to a size that is no multiple of theirs: every new pixel is the old one that it falls on."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.trial import Call, Pick

SENTENCE = "the image is resized; every new pixel is the old one that it falls on"
FORMULA = r"y_{i,j} = x_{\lfloor i h / H \rfloor,\; \lfloor j w / W \rfloor}"


def forward(x: Array, size: Any) -> Array:
    """y = R x C.T, with a row of weights for each new row and each new column."""
    rows = chosen(size[0], x.shape[2], x.dtype)
    columns = chosen(size[1], x.shape[3], x.dtype)
    return rows @ x @ columns.T


def d_x(dy: Array, x: Array, size: Any) -> Array:
    """dx = R.T dy C."""
    rows = chosen(size[0], x.shape[2], x.dtype)
    columns = chosen(size[1], x.shape[3], x.dtype)
    return rows.T @ dy @ columns


def chosen(new: int, old: int, dtype: Any) -> Array:
    """Which old place each new one takes: 1 there, 0 elsewhere."""
    place = np.arange(new, dtype=dtype) * old // new
    return np.clip(1 - np.abs(place[:, None] - np.arange(old, dtype=dtype)), 0, None)


def tensors(x: Tensor, size: Any) -> Tensor:
    return F.interpolate(x, size, mode="nearest")


def trial(pick: Pick) -> Call:
    x = pick.normal(1, pick(1, 2), pick(2, 4), 3)
    return F.interpolate, (x, (5, pick.choice([2, 4, 5]))), {}
