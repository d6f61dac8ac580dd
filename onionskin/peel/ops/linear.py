"""Linear layer on rows, (n, i) to (n, o).

The weights stand as out × in, as PyTorch keeps them: a row holds what one output looks for.
"""

from __future__ import annotations

import math

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.arithmetic.scalar import Scalars
from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "every output is a weighted sum of all inputs"
FORMULA = r"y = x W^\top + b"
SPELLINGS = ("torch.nn.Linear", "torch.nn.functional.linear")


def read(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Use:
    return Use("linear" if input.ndim == 2 else "linear_last", {"x": input, "weight": weight, "bias": bias})


def forward(x: Array, weight: Array, bias: Array) -> Array:
    return x @ weight.T + bias  # without a bias, it falls out of the sum


def d_x(dy: Array, weight: Array) -> Array:
    return dy @ weight


def d_weight(dy: Array, x: Array) -> Array:
    return dy.T @ x


def d_bias(dy: Array) -> Array:
    return dy.sum(axis=0)


def tensors(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    return F.linear(x, weight, bias)


def scalars(s: Scalars, x: Array, weight: Array, bias: Array) -> Array:
    biases = [None] * len(weight) if bias is None else bias
    return np.array([[s.dot(row, w, b) for w, b in zip(weight, biases, strict=True)] for row in x], dtype=object)


def multiply_adds(y: tuple[int, ...], weight: tuple[int, ...]) -> int:
    """Every output is a sum over all inputs."""
    return math.prod(y) * weight[1]


def trial(pick: Pick) -> Call:
    n, i, o = pick(1, 5), pick(1, 6), pick(1, 4)
    return F.linear, (pick.normal(n, i), pick.normal(o, i), pick.normal(o) if pick(0, 1) else None), {}
