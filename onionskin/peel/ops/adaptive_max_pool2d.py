"""Max pooling to a given size: the image is cut into that many cells, and the largest value of each stays."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.errors import OnionskinError
from onionskin.peel.ops import Array
from onionskin.peel.ops._places import each_or_none
from onionskin.peel.ops.adaptive_avg_pool2d_cells import cells
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "of each cell the largest stays, and only that place hears back"
FORMULA = r"y_{a,b} = \max\; x[\lfloor \tfrac{ah}{A} \rfloor : \lceil \tfrac{(a+1)h}{A} \rceil,\; \ldots]"
SPELLINGS = ("torch.nn.AdaptiveMaxPool2d", "torch.nn.functional.adaptive_max_pool2d")


def read(input: Tensor, output_size: Any, return_indices: bool = False) -> Use:
    if return_indices:
        raise OnionskinError("pools with return_indices=True", fix="leave it out; only the values are peeled")
    size = tuple(input.shape[2 + i] if n is None else n for i, n in enumerate(each_or_none(output_size)))
    return Use("adaptive_max_pool2d", {"x": input}, {"size": size})


def forward(x: Array, size: Any) -> Array:
    """y = the largest value of each cell."""
    n, c = x.shape[:2]
    y = np.zeros((n, c, *size), dtype=x.dtype)
    for i, j, rows, columns in cells(x, size):
        y[:, :, i, j] = np.amax(x[:, :, rows, columns], axis=(2, 3))
    return y


def d_x(dy: Array, x: Array, y: Array, size: Any) -> Array:
    """The gradient goes to the place of the largest value; of equal ones, to the first."""
    dx = np.zeros_like(x)
    for i, j, rows, columns in cells(x, size):
        cell = x[:, :, rows, columns]
        largest = (cell == y[:, :, i, j, None, None]).reshape(*cell.shape[:2], -1)
        first = (largest & (largest.cumsum(axis=2) == 1)).reshape(cell.shape)
        dx[:, :, rows, columns] += first * dy[:, :, i, j, None, None]
    return dx


def tensors(x: Tensor, size: Any) -> Tensor:
    return F.adaptive_max_pool2d(x, size)


def trial(pick: Pick) -> Call:
    x = pick.normal(pick(1, 2), pick(1, 3), pick(3, 5), pick(3, 7))
    return F.adaptive_max_pool2d, (x, pick.choice([1, 2, (3, 2)])), {}
