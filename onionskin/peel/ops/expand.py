"""One value for many places."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "one value for many places; it gets the sum of their gradients"
FORMULA = r"y_{ij} = x_j, \qquad \frac{\partial L}{\partial x_j} = \sum_i \frac{\partial L}{\partial y_{ij}}"
SPELLINGS = ("torch.Tensor.expand", "torch.Tensor.expand_as", "torch.broadcast_to", "torch.Tensor.broadcast_to")


def read(input: Tensor, *sizes: Any) -> Use:
    flat = sizes[0] if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)) else sizes
    wanted = (
        flat[0].shape if isinstance(flat[0], Tensor) else torch.empty(input.shape, device="meta").expand(*flat).shape
    )
    added = len(wanted) - input.ndim
    axes = (*range(added), *(added + i for i, n in enumerate(input.shape) if n == 1 and wanted[added + i] != 1))
    return Use("expand", {"x": input}, {"shape": tuple(wanted), "axes": axes})


def forward(x: Array, shape: tuple[int, ...]) -> Array:
    return np.broadcast_to(x, shape)


def d_x(dy: Array, x: Array, axes: tuple[int, ...]) -> Array:
    return dy.sum(axis=axes).reshape(x.shape) if axes else dy


def tensors(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    return x.expand(shape)


def trial(pick: Pick) -> Call:
    n = pick(1, 3)
    return torch.Tensor.expand, (pick.normal(1, n), pick.choice([2, 3]), n), {}
