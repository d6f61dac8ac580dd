"""Softplus: a ReLU without a corner.

Above ``threshold`` it is the line itself, as in PyTorch.
"""

from __future__ import annotations

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "a ReLU without a corner"
FORMULA = r"y = \frac1\beta \ln(1 + e^{\beta x}), \qquad \frac{\partial y}{\partial x} = \sigma(\beta x)"
SPELLINGS = ("torch.nn.Softplus", "torch.nn.functional.softplus")


def read(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Use:
    return Use("softplus", {"x": input}, {"beta": beta, "threshold": threshold})


def forward(x: Array, beta: float, threshold: float) -> Array:
    """y = log(1 + exp(beta x)) / beta, which is x itself where beta x is large."""
    soft = np.log1p(np.exp(np.minimum(beta * x, threshold))) / beta
    return np.where(beta * x > threshold, x, soft)


def d_x(dy: Array, x: Array, beta: float, threshold: float) -> Array:
    """The sigmoid of beta x, which is 1 where beta x is large."""
    slope = 0.5 * (1 + np.tanh(0.5 * beta * x))
    return dy * np.where(beta * x > threshold, 1.0, slope)


def tensors(x: Tensor, beta: float, threshold: float) -> Tensor:
    return F.softplus(x, beta, threshold)


def torch_forward(x: Tensor, beta: float, threshold: float) -> Tensor:
    return F.softplus(x, beta, threshold)


def trial(pick: Pick) -> Call:
    return F.softplus, (pick.normal(pick(1, 4), pick(1, 5)), pick.choice([1.0, 2.0])), {}
