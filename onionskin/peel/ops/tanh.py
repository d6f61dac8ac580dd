"""Hyperbolic tangent: squashes everything between −1 and 1."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "squashed between -1 and 1"
FORMULA = r"y = \tanh x, \qquad \frac{\partial y}{\partial x} = 1 - y^2"
SPELLINGS = (
    "torch.nn.Tanh",
    "torch.nn.functional.tanh",
    "torch.tanh",
    "torch.Tensor.tanh",
    "torch.Tensor.tanh_",
    "torch.tanh_",
)


def read(input: Tensor) -> Use:
    return Use("tanh", {"x": input})


def forward(x: Array) -> Array:
    return np.tanh(x)


def d_x(dy: Array, y: Array) -> Array:
    return dy * (1 - y**2)


def trial(pick: Pick) -> Call:
    return torch.tanh, (pick.normal(pick(1, 4), pick(1, 5)),), {}
