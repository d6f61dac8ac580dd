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
    return Use("interpolate", {"x": input}, {"size": size, "mode": mode, "align_corners": bool(align_corners)})


def forward(x: Array, size: Any, mode: str, align_corners: bool) -> Array:
    """y = R x C.T, with a row of weights for each new row and each new column."""
    rows = nearness(x, size[0], x.shape[2], mode, align_corners)
    columns = nearness(x, size[1], x.shape[3], mode, align_corners)
    return rows @ x @ columns.T


def d_x(dy: Array, x: Array, size: Any, mode: str, align_corners: bool) -> Array:
    """dx = R.T dy C."""
    rows = nearness(x, size[0], x.shape[2], mode, align_corners)
    columns = nearness(x, size[1], x.shape[3], mode, align_corners)
    return rows.T @ dy @ columns


def nearness(x: Array, new: int, old: int, mode: str, align_corners: bool) -> Array:
    """How much each of the new places takes of each of the old ones: a matrix new × old."""
    place = np.arange(new, dtype=x.dtype)
    if mode == "nearest":
        place = place * old // new
    elif align_corners:
        place = place * ((old - 1) / max(new - 1, 1))  # the first and the last stay where they are
    else:
        place = np.clip((place + 0.5) * (old / new) - 0.5, 0, old - 1)
    return np.clip(1 - np.abs(place[:, None] - np.arange(old, dtype=x.dtype)), 0, None)


def tensors(x: Tensor, size: Any, mode: str, align_corners: bool) -> Tensor:
    return (
        F.interpolate(x, size, mode=mode)
        if mode == "nearest"
        else F.interpolate(x, size, mode=mode, align_corners=align_corners)
    )


def trial(pick: Pick) -> Call:
    x = pick.normal(1, pick(1, 2), pick(2, 4), 3)
    mode = pick.choice(["nearest", "bilinear"])
    align = {} if mode == "nearest" else {"align_corners": pick.choice([True, False])}
    return F.interpolate, (x, (pick(2, 6), pick.choice([2, 4, 5]))), {"mode": mode, **align}
