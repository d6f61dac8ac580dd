"""Linear layer on the last axis of anything with more than two: every token, every position."""

from __future__ import annotations

import math

from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.trial import Call, Pick

SENTENCE = "every position by itself: each output is a weighted sum of its inputs"
FORMULA = r"y = x W^\top + b"


def forward(x: Array, weight: Array, bias: Array) -> Array:
    return x @ weight.T + bias  # without a bias, it falls out of the sum


def d_x(dy: Array, weight: Array) -> Array:
    return dy @ weight


def d_weight(dy: Array, x: Array) -> Array:
    return dy.reshape(-1, dy.shape[-1]).T @ x.reshape(-1, x.shape[-1])


def d_bias(dy: Array) -> Array:
    return dy.reshape(-1, dy.shape[-1]).sum(axis=0)


def tensors(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    return F.linear(x, weight, bias)


def multiply_adds(y: tuple[int, ...], weight: tuple[int, ...]) -> int:
    """Every output is a sum over all inputs."""
    return math.prod(y) * weight[1]


def trial(pick: Pick) -> Call:
    n, t, i, o = pick(1, 3), pick(1, 4), pick(1, 5), pick(1, 4)
    return F.linear, (pick.normal(n, t, i), pick.normal(o, i), pick.normal(o) if pick(0, 1) else None), {}
