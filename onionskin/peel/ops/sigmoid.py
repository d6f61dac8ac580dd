"""Logistic sigmoid: squashes everything between 0 and 1.

The form with tanh has no exponential that could overflow.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "squashed between 0 and 1, to be read as a probability"
FORMULA = r"y = \frac{1}{1 + e^{-x}}, \qquad \frac{\partial y}{\partial x} = y (1 - y)"
SPELLINGS = (
    "torch.nn.Sigmoid",
    "torch.nn.functional.sigmoid",
    "torch.sigmoid",
    "torch.Tensor.sigmoid",
    "torch.Tensor.sigmoid_",
    "torch.sigmoid_",
)


def read(input: Tensor) -> Use:
    return Use("sigmoid", {"x": input})


def forward(x: Array) -> Array:
    return 0.5 * (1 + np.tanh(0.5 * x))


def d_x(dy: Array, y: Array) -> Array:
    return dy * y * (1 - y)


def tensors(x: Tensor) -> Tensor:
    return torch.sigmoid(x)


def trial(pick: Pick) -> Call:
    return torch.sigmoid, (pick.normal(pick(1, 4), pick(1, 5)),), {}
