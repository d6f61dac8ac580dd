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


def read(input: Tensor, index: Any) -> Use:
    parts = index if isinstance(index, tuple) else (index,)
    tensors = [part for part in parts if isinstance(part, Tensor)]
    if not tensors:
        return Use("getitem", {"x": input}, {"index": tuple(parts) if isinstance(index, tuple) else index})
    if len(parts) == 1 and not index.is_floating_point() and index.dtype != torch.bool:
        return Use("take", {"x": input, "index": index})
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
