"""Takes from every line along an axis the entries whose numbers are given."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from onionskin.errors import OnionskinError
from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "from each line the entries whose numbers are given"
FORMULA = r"y_{ij} = x_{i,\,t_{ij}}"
SPELLINGS = ("torch.gather", "torch.Tensor.gather")


def read(input: Tensor, dim: int, index: Tensor, sparse_grad: bool = False) -> Use:
    axis = dim % input.ndim
    if any(i != axis and n != m for i, (n, m) in enumerate(zip(input.shape, index.shape, strict=True))):
        raise OnionskinError(
            f"gathers from {tuple(input.shape)} by numbers of shape {tuple(index.shape)}",
            fix=f"give numbers for all lines: only axis {axis} may differ",
        )
    return Use("gather", {"x": input, "index": index}, {"axis": axis})


def forward(x: Array, index: Array, axis: int) -> Array:
    return np.take_along_axis(x, index, axis=axis)


def d_x(dy: Array, x: Array, index: Array, axis: int) -> Array:
    """Each gradient is added where its entry was taken from; one may have been taken twice."""
    dx = np.zeros_like(x)
    places = list(np.indices(index.shape))
    places[axis] = index
    np.add.at(dx, tuple(places), dy)
    return dx


def torch_d_x(dy: Tensor, x: Tensor, index: Tensor, axis: int) -> Tensor:
    return torch.zeros_like(x).scatter_add(axis, index, dy)


def tensors(x: Tensor, index: Tensor, axis: int) -> Tensor:
    return x.gather(axis, index)


def trial(pick: Pick) -> Call:
    n, m = pick(1, 3), pick(2, 4)
    axis = pick(0, 1)
    shape = (pick(1, 3), m) if axis == 0 else (n, pick(1, 3))
    return torch.gather, (pick.normal(n, m), axis, pick.whole(n if axis == 0 else m, *shape)), {}
