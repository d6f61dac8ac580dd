"""Reads what is done to two tensors entry by entry, or to a tensor and a number."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from onionskin.errors import OnionskinError
from onionskin.peel.rule import Use
from onionskin.peel.trial import Pick


def read_two(name: str, a: Any, b: Any, alpha: float = 1) -> Use:
    """Return the use of ``name``, or of its form for other shapes, for a number behind or for one in front."""
    if alpha != 1:
        raise OnionskinError(f"calls {name} with alpha={alpha}", fix="multiply the second by it yourself")
    if not isinstance(b, Tensor):
        return Use(f"{name}_number", {"x": a}, {"number": b})
    if not isinstance(a, Tensor):
        return Use(f"number_{name}", {"x": b}, {"number": a})
    _refuse_mixed(name, a, b)
    if a.shape == b.shape:
        return Use(name, {"a": a, "b": b})
    return Use(f"{name}_broadcast", {"a": a, "b": b}, broadcast(a, b))


def broadcast(a: Tensor, b: Tensor) -> dict[str, Any]:
    """Return over which axes the gradients of ``a`` and ``b`` are summed: where one value served many."""
    shape = np.broadcast_shapes(a.shape, b.shape)
    found: dict[str, Any] = {}
    for name, each in (("a", a), ("b", b)):
        added = len(shape) - each.ndim
        axes = (*range(added), *(added + i for i, n in enumerate(each.shape) if n == 1 and shape[added + i] != 1))
        found[f"{name}_axes"] = (axes[0] if len(axes) == 1 else axes) if axes else None
        found[f"{name}_reshaped"] = len(axes) != added  # an axis of length 1 stays
    return found


def _refuse_mixed(name: str, a: Tensor, b: Tensor) -> None:
    """NumPy makes float64 of int64 and float32, PyTorch float32."""
    for whole, other in ((a, b), (b, a)):
        if other.dtype == torch.float32 and not whole.is_floating_point() and whole.dtype != torch.bool:
            raise OnionskinError(
                f"takes the {name} of {whole.dtype} and float32", fix="write .float() for the integers"
            )


def broadcast_pair(pick: Pick) -> tuple[Tensor, Tensor]:
    """Return two tensors to try it on whose shapes differ."""
    n, c, w = pick(2, 3), pick(2, 4), pick(1, 4)
    shapes = [((n, c), (c,)), ((c,), (n, c)), ((n, c, w), (c, 1)), ((n, 1), (1, c)), ((n, c), (n, 1)), ((n, c), ())]
    a, b = pick.choice(shapes)
    return pick.normal(*a), pick.normal(*b)
