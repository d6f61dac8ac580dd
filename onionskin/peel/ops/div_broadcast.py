"""Quotient of two tensors of different shapes: an axis of length 1, or one that is not there, serves for all."""

from __future__ import annotations

from typing import Any

import torch

from onionskin.peel.ops import Array
from onionskin.peel.ops._elementwise import broadcast_pair
from onionskin.peel.trial import Call, Pick

SENTENCE = "the smaller serves everywhere; its gradient is the sum over all those places"
FORMULA = (
    r"y_{ij} = \frac{a_{ij}}{b_j}, \qquad \frac{\partial L}{\partial b_j} = "
    r"-\sum_i \frac{\partial L}{\partial y_{ij}} \frac{y_{ij}}{b_j}"
)


def forward(a: Array, b: Array) -> Array:
    return a / b


def d_a(dy: Array, a: Array, b: Array, a_axes: Any, a_reshaped: bool) -> Array:
    return (
        dy / b
        if a_axes is None
        else (dy / b).sum(axis=a_axes).reshape(a.shape)
        if a_reshaped
        else (dy / b).sum(axis=a_axes)
    )


def d_b(dy: Array, b: Array, y: Array, b_axes: Any, b_reshaped: bool) -> Array:
    return (
        -dy * y / b
        if b_axes is None
        else (-dy * y / b).sum(axis=b_axes).reshape(b.shape)
        if b_reshaped
        else (-dy * y / b).sum(axis=b_axes)
    )


def trial(pick: Pick) -> Call:
    a, b = broadcast_pair(pick)
    return torch.div, (a, (b.detach().abs() + 0.5).requires_grad_()), {}
