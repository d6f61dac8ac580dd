"""Rows by their numbers."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.arithmetic.scalar import Scalars
from onionskin.peel.ops import Array
from onionskin.peel.trial import Call, Pick

SENTENCE = "the rows of these numbers; a row taken twice gets both gradients"
FORMULA = r"y_n = x_{i_n}"


def forward(x: Array, index: Array) -> Array:
    return x[index]


def d_x(dy: Array, x: Array, index: Array) -> Array:
    """Each row gets the gradients of all places it was taken to."""
    dx = np.zeros_like(x)
    np.add.at(dx, index, dy)
    return dx


def torch_d_x(dy: Tensor, x: Tensor, index: Tensor) -> Tensor:
    """Each row gets the gradients of all places it was taken to."""
    return torch.zeros_like(x).index_put((index,), dy, accumulate=True)


def scalars(s: Scalars, x: Array, index: Array) -> Array:
    rows = [[s.select(i, column) for column in x.reshape(len(x), -1).T] for i in index.ravel()]
    return np.array(rows, dtype=object).reshape(*index.shape, *x.shape[1:])


def trial(pick: Pick) -> Call:
    n = pick(2, 4)
    return torch.Tensor.__getitem__, (pick.normal(n, pick(1, 3)), pick.whole(n, pick(1, 5))), {}
