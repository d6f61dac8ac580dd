"""The logarithm of the sigmoid, without an overflow."""

from __future__ import annotations

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "the logarithm of a value squeezed between 0 and 1"
FORMULA = r"y = -\ln(1 + e^{-x})"
SPELLINGS = ("torch.nn.LogSigmoid", "torch.nn.functional.logsigmoid")


def read(input: Tensor) -> Use:
    return Use("logsigmoid", {"x": input})


def forward(x: Array) -> Array:
    return np.clip(x, None, 0) - np.log1p(np.exp(-np.abs(x)))


def d_x(dy: Array, x: Array) -> Array:
    return dy * (0.5 - 0.5 * np.tanh(0.5 * x))


def tensors(x: Tensor) -> Tensor:
    return F.logsigmoid(x)


def trial(pick: Pick) -> Call:
    return F.logsigmoid, (pick.normal(pick(1, 4), pick(1, 5)),), {}
