"""One array in parts of given lengths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "cut into parts; their gradients are put together again"
FORMULA = r"[a; b; \dots] = x"
SPELLINGS = ("torch.split", "torch.Tensor.split")
OUTPUTS = ("*",)


def read(tensor: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0) -> Use:
    axis, size = dim % tensor.ndim, split_size_or_sections
    whole = tensor.shape[axis]
    lengths = list(size) if not isinstance(size, int) else [min(size, whole - i) for i in range(0, whole, size)]
    return parts(tensor, lengths, axis)


def parts(x: Tensor, lengths: Sequence[int], axis: int, op: str = "split") -> Use:
    """Return the use that cuts ``x`` into parts of these lengths."""
    cuts, end = [], 0
    for length in lengths[:-1]:
        end += length
        cuts.append(end)
    return Use(op, {"x": x}, {"cuts": tuple(cuts), "axis": axis})


def forward(x: Array, cuts: tuple[int, ...], axis: int) -> Array:
    return np.split(x, cuts, axis=axis)


def d_x(dys: list[Array], axis: int) -> Array:
    return np.concatenate(dys, axis=axis)


def torch_forward(x: Tensor, cuts: tuple[int, ...], axis: int) -> Any:
    return torch.tensor_split(x, cuts, dim=axis)


def trial(pick: Pick) -> Call:
    return torch.split, (pick.normal(pick(2, 3), 4), pick.choice([2, 3, (1, 3), 4]), 1), {}
