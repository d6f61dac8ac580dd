"""Takes the slices along an axis whose numbers are given."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "the slices whose numbers are given"
FORMULA = r"y_{ij} = x_{i,\,t_j}"
SPELLINGS = ("torch.index_select", "torch.Tensor.index_select")


def read(input: Tensor, dim: int, index: Tensor) -> Use:
    return Use("index_select", {"x": input, "index": index}, {"axis": dim})


def forward(x: Array, index: Array, axis: int) -> Array:
    return np.take(x, index, axis=axis)


def d_x(dy: Array, x: Array, index: Array, axis: int) -> Array:
    """Each slice's gradient is added where it was taken from; one may have been taken twice."""
    dx = np.zeros_like(x)
    np.add.at(np.moveaxis(dx, axis, 0), index, np.moveaxis(dy, axis, 0))
    return dx


def torch_d_x(dy: Tensor, x: Tensor, index: Tensor, axis: int) -> Tensor:
    return torch.zeros_like(x).index_add(axis, index, dy)


def tensors(x: Tensor, index: Tensor, axis: int) -> Tensor:
    return x.index_select(axis, index)


def trial(pick: Pick) -> Call:
    n, m, axis = pick(2, 3), pick(2, 4), pick(0, 1)
    return torch.index_select, (pick.normal(n, m), axis, pick.whole((n, m)[axis], pick(1, 5))), {}
