"""Average pooling to a size that does not divide the image: the cells overlap where they have to."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.trial import Call, Pick

SENTENCE = "the image is cut into that many cells, each of which becomes its mean"
FORMULA = r"y_{a,b} = \mathrm{mean}\; x[\lfloor \tfrac{ah}{A} \rfloor : \lceil \tfrac{(a+1)h}{A} \rceil,\; \ldots]"


def forward(x: Array, size: Any) -> Array:
    """y = the mean of each cell."""
    n, c = x.shape[:2]
    y = np.zeros((n, c, *size), dtype=x.dtype)
    for i, j, rows, columns in cells(x, size):
        y[:, :, i, j] = x[:, :, rows, columns].mean(axis=(2, 3))
    return y


def d_x(dy: Array, x: Array, size: Any) -> Array:
    """Every place of a cell gets the same share of its gradient."""
    dx = np.zeros_like(x)
    for i, j, rows, columns in cells(x, size):
        count = (rows.stop - rows.start) * (columns.stop - columns.start)
        dx[:, :, rows, columns] += dy[:, :, i, j, None, None] / count
    return dx


def cells(x: Array, size: Any) -> Any:
    """Where the cell (i, j) of each output lies: from floor(i·h/rows) to ceil((i+1)·h/rows)."""
    height, width = x.shape[2:]
    for i in range(size[0]):
        rows = slice(i * height // size[0], -(-(i + 1) * height // size[0]))
        for j in range(size[1]):
            columns = slice(j * width // size[1], -(-(j + 1) * width // size[1]))
            yield i, j, rows, columns


def tensors(x: Tensor, size: Any) -> Tensor:
    return F.adaptive_avg_pool2d(x, size)


def trial(pick: Pick) -> Call:
    return F.adaptive_avg_pool2d, (pick.normal(pick(1, 2), pick(1, 3), 5, pick(3, 7)), pick.choice([2, 3, (3, 2)])), {}
