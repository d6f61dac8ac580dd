"""Takes from a matrix, or a stack of things in rows and columns, the entries at given rows and columns."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.trial import Call, Pick

SENTENCE = "the entries at these rows and columns"
FORMULA = r"y_i = x_{r_i,\, c_i}"


def forward(x: Array, rows: Array, columns: Array) -> Array:
    return x[rows, columns]


def d_x(dy: Array, x: Array, rows: Array, columns: Array) -> Array:
    """Each gradient is added where its entry was taken from; one may have been taken twice."""
    dx = np.zeros_like(x)
    np.add.at(dx, (rows, columns), dy)
    return dx


def torch_d_x(dy: Tensor, x: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    return torch.zeros_like(x).index_put((rows, columns), dy, accumulate=True)


def trial(pick: Pick) -> Call:
    n, m, k = pick(1, 3), pick(1, 4), pick(1, 4)
    x = pick.normal(n, m, *pick.choice([(), (2,)]))
    return torch.Tensor.__getitem__, (x, (pick.whole(n, k), pick.whole(m, k))), {}
