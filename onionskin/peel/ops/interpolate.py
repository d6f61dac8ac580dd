"""Resizes images (n, c, h, w): along each axis, every new pixel is a mean of the old ones near it.

Both axes are a matrix product: a row of weights for each new pixel, 1 at its place and falling to 0 one pixel away.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.errors import OnionskinError
from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "the image is resized; every new pixel is a weighted mean of the old ones near it"
FORMULA = r"y = R\, x\, C^\top, \qquad R_{ij} = \max(0,\; 1 - |p_i - j|)"
SPELLINGS = ("torch.nn.Upsample", "torch.nn.functional.interpolate", "torch.nn.functional.upsample")


def read(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Use:
    if input.ndim != 4 or mode not in ("nearest", "bilinear") or antialias:
        raise OnionskinError(
            f"resizes {tuple(input.shape)} with mode={mode!r}",
            fix="resize images (n, c, h, w) with mode 'nearest' or 'bilinear'",
        )
    old = tuple(input.shape[2:])
    if size is None:
        scales = scale_factor if isinstance(scale_factor, (tuple, list)) else (scale_factor, scale_factor)
        size = tuple(int(n * s) for n, s in zip(old, scales, strict=True))
        if any(n * s != new for n, s, new in zip(old, scales, size, strict=True)):
            raise OnionskinError(f"resizes {old} by {scale_factor}, which gives no whole size", fix="give size=(h, w)")
    size = tuple(size) if isinstance(size, (tuple, list)) else (size, size)
    times = tuple(new // n for new, n in zip(size, old, strict=True))
    if mode == "nearest" and all(n * t == new for n, t, new in zip(old, times, size, strict=True)):
        return Use("upsample_nearest", {"x": input}, {"times": times})
    name = "interpolate_nearest" if mode == "nearest" else "interpolate_aligned" if align_corners else "interpolate"
    return Use(name, {"x": input}, {"size": size})


def forward(x: Array, size: Any) -> Array:
    """y = R x C.T, with a row of weights for each new row and each new column."""
    rows = nearness(size[0], x.shape[2], x.dtype)
    columns = nearness(size[1], x.shape[3], x.dtype)
    return rows @ x @ columns.T


def d_x(dy: Array, x: Array, size: Any) -> Array:
    """dx = R.T dy C."""
    rows = nearness(size[0], x.shape[2], x.dtype)
    columns = nearness(size[1], x.shape[3], x.dtype)
    return rows.T @ dy @ columns


def nearness(new: int, old: int, dtype: Any) -> Array:
    """How much each new place takes of each old one: 1 where it lies, down to 0 one further."""
    place = np.clip((np.arange(new, dtype=dtype) + 0.5) * (old / new) - 0.5, 0, old - 1)
    return np.clip(1 - np.abs(place[:, None] - np.arange(old, dtype=dtype)), 0, None)


def tensors(x: Tensor, size: Any) -> Tensor:
    return F.interpolate(x, size, mode="bilinear")


def trial(pick: Pick) -> Call:
    x = pick.normal(1, pick(1, 2), pick(2, 4), 3)
    return F.interpolate, (x, (pick(2, 6), pick.choice([2, 4, 5]))), {"mode": "bilinear"}
