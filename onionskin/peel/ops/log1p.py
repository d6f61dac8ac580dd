"""The logarithm of 1 + x, exact near 0."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "the logarithm of 1 + x"
FORMULA = r"y = \ln(1 + x), \qquad \frac{\partial y}{\partial x} = \frac{1}{1 + x}"
SPELLINGS = ("torch.log1p", "torch.Tensor.log1p")


def read(input: Tensor) -> Use:
    return Use("log1p", {"x": input})


def forward(x: Array) -> Array:
    return np.log1p(x)


def d_x(dy: Array, x: Array) -> Array:
    return dy / (1 + x)


def trial(pick: Pick) -> Call:
    return torch.log1p, (pick.positive(pick(1, 4), pick(1, 5)),), {}
