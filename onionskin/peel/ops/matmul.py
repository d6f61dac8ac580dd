"""Matrix product, of two matrices or of two stacks of them."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from onionskin.errors import OnionskinError
from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "rows of the one times columns of the other"
FORMULA = (
    r"y_{ij} = \sum_k a_{ik} b_{kj}, \qquad \frac{\partial L}{\partial a} = \frac{\partial L}{\partial y} "
    r"b^\top, \quad \frac{\partial L}{\partial b} = a^\top \frac{\partial L}{\partial y}"
)
SPELLINGS = (
    "torch.matmul",
    "torch.Tensor.matmul",
    "torch.mm",
    "torch.Tensor.mm",
    "torch.bmm",
    "torch.Tensor.bmm",
    "torch.Tensor.__matmul__",
)


def read(input: Tensor, other: Tensor, **named: Any) -> Use:
    if input.ndim < 2 or other.ndim < 2:
        raise OnionskinError(f"multiplies a matrix and a vector, {tuple(input.shape)} and {tuple(other.shape)}",
                             fix="give the vector a second axis: v[:, None]")  # fmt: skip
    if input.shape[:-2] == other.shape[:-2]:
        return Use("matmul", {"a": input, "b": other})
    return Use("matmul_broadcast", {"a": input, "b": other})


def forward(a: Array, b: Array) -> Array:
    return a @ b


def d_a(dy: Array, b: Array) -> Array:
    return dy @ b.mT


def d_b(dy: Array, a: Array) -> Array:
    return a.mT @ dy


def multiply_adds(y: tuple[int, ...], a: tuple[int, ...]) -> int:
    """Every output is a sum over a row."""
    return math.prod(y) * a[-1]


def trial(pick: Pick) -> Call:
    n, i, j, k = pick(1, 3), pick(1, 3), pick(1, 4), pick(1, 4)
    a, b = pick.choice([((i, k), (k, j)), ((n, i, k), (n, k, j)), ((2, n, i, k), (2, n, k, j))])
    return torch.matmul, (pick.normal(*a), pick.normal(*b)), {}
