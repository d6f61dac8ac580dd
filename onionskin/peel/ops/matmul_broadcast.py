"""Matrix product of stacks of matrices, where one matrix serves for many."""

from __future__ import annotations

import math

import torch

from onionskin.peel.ops import Array
from onionskin.peel.trial import Call, Pick

SENTENCE = "rows of the one times columns of the other, one matrix serving for many"
FORMULA = r"y_{nij} = \sum_k a_{nik} b_{kj}"


def forward(a: Array, b: Array) -> Array:
    return a @ b


def d_a(dy: Array, a: Array, b: Array) -> Array:
    return _summed(dy @ b.mT, a)


def d_b(dy: Array, a: Array, b: Array) -> Array:
    return _summed(a.mT @ dy, b)


def _summed(gradient: Array, like: Array) -> Array:
    """What served for many gets the sum of their gradients."""
    while gradient.ndim > like.ndim:
        gradient = gradient.sum(axis=0)
    for axis in range(like.ndim):
        if like.shape[axis] == 1 and gradient.shape[axis] != 1:
            gradient = gradient.sum(axis=axis, keepdims=True)
    return gradient


def multiply_adds(y: tuple[int, ...], a: tuple[int, ...]) -> int:
    """Every output is a sum over a row."""
    return math.prod(y) * a[-1]


def trial(pick: Pick) -> Call:
    n, i, j, k = pick(2, 3), pick(1, 3), pick(1, 4), pick(1, 4)
    a, b = pick.choice([((n, i, k), (k, j)), ((i, k), (n, k, j)), ((n, i, k), (1, k, j)), ((n, 1, i, k), (2, k, j))])
    return torch.matmul, (pick.normal(*a), pick.normal(*b)), {}
