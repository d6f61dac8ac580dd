"""Reads over which axes something is summed up, and what becomes of them."""

from __future__ import annotations

import math
from typing import Any

from torch import Tensor


def reduced(x: Tensor, dim: Any, *, keepdim: bool) -> dict[str, Any]:
    """Return the axes, whether they are kept, and the result's shape with an axis of length 1 for each of them."""
    dims = (
        tuple(range(x.ndim)) if dim is None or dim == () else tuple(dim) if isinstance(dim, (tuple, list)) else (dim,)
    )
    axes = tuple(sorted(d % x.ndim for d in dims))
    shape = tuple(
        1 if i in axes else n if i else -1 for i, n in enumerate(x.shape)
    )  # -1: as many examples as there are
    return {"axes": axes[0] if len(axes) == 1 else axes, "keepdims": keepdim, "shape": shape}


def spread(x: Tensor, dim: Any, unbiased: bool, correction: int | None, *, keepdim: bool) -> dict[str, Any]:
    """Return the same for a variance, and what the sum of squares is divided by."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    settings = reduced(x, dim, keepdim=keepdim)
    less = int(unbiased) if correction is None else correction
    count = math.prod(n for n, kept in zip(x.shape, settings["shape"], strict=True) if kept == 1)
    return {**settings, "count": count - less}
