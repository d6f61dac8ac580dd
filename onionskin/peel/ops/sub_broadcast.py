"""Difference of two tensors of different shapes: an axis of length 1, or one that is not there, serves for all."""

from __future__ import annotations

from typing import Any

import torch

from onionskin.peel.ops import Array
from onionskin.peel.ops._elementwise import broadcast_pair
from onionskin.peel.trial import Call, Pick

SENTENCE = "the smaller serves everywhere; its gradient is the sum over all those places"
FORMULA = r"y_{ij} = a_{ij} - b_j, \qquad \frac{\partial L}{\partial b_j} = -\sum_i \frac{\partial L}{\partial y_{ij}}"


def forward(a: Array, b: Array) -> Array:
    return a - b


def d_a(dy: Array, a: Array, a_axes: Any, a_reshaped: bool) -> Array:
    return dy if a_axes is None else dy.sum(axis=a_axes).reshape(a.shape) if a_reshaped else dy.sum(axis=a_axes)


def d_b(dy: Array, b: Array, b_axes: Any, b_reshaped: bool) -> Array:
    return -dy if b_axes is None else -dy.sum(axis=b_axes).reshape(b.shape) if b_reshaped else -dy.sum(axis=b_axes)


def trial(pick: Pick) -> Call:
    return torch.sub, broadcast_pair(pick), {}
