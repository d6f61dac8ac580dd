"""Some of the values: by index, by slice, with new axes."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from onionskin.errors import OnionskinError
from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "some of the values; the others get no gradient"
FORMULA = r"y = x[\dots]"
SPELLINGS = ("torch.Tensor.__getitem__",)


_ALL = repr(slice(None))


def read(input: Tensor, index: Any) -> Use:
    parts = index if isinstance(index, tuple) else (index,)
    tensors = [part for part in parts if isinstance(part, Tensor)]
    if not tensors:
        return Use("getitem", {"x": input}, {"index": tuple(parts) if isinstance(index, tuple) else index})
    if any(part.dtype == torch.bool for part in tensors):
        raise OnionskinError("is indexed by a mask, which gives as many values as are true",
                             fix="use torch.where or masked_fill, which keep the shape")  # fmt: skip
    if len(parts) == 1:
        return Use("take", {"x": input, "index": tensors[0]})
    if len(parts) == 2 and len(tensors) == 2 and tensors[0].shape == tensors[1].shape:
        return Use("take_pairs", {"x": input, "rows": tensors[0], "columns": tensors[1]})
    if len(tensors) == 1 and tensors[0].ndim == 1 and parts[-1] is tensors[0] and set(map(repr, parts[:-1])) == {_ALL}:
        return Use("index_select", {"x": input, "index": tensors[0]}, {"axis": len(parts) - 1})
    raise OnionskinError("is indexed by tensors and slices together", fix="use torch.gather or index_select")


def forward(x: Array, index: Any) -> Array:
    return x[index]


def d_x(dy: Array, x: Array, index: Any) -> Array:
    """What was not taken gets 0."""
    dx = np.zeros_like(x)
    dx[index] = dy
    return dx


def trial(pick: Pick) -> Call:
    x = pick.normal(3, pick(3, 4), pick(2, 4))
    index = pick.choice(
        [0, (slice(None), -1), (slice(1, None), slice(None, 2)), (..., 1), (None, 0), (slice(None), None)]
    )
    return torch.Tensor.__getitem__, (x, index), {}
