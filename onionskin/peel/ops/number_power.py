"""A number to the power of a tensor."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from onionskin.errors import OnionskinError
from onionskin.peel.arithmetic.scalar import Scalars
from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "the number to the power of each value"
FORMULA = r"y = c^x, \qquad \frac{\partial y}{\partial x} = y \ln c"
SPELLINGS = ("torch.Tensor.__rpow__", "torch.exp2")


def read(input: Any, other: float = 2.0) -> Use:
    if other <= 0:
        raise OnionskinError(f"takes powers of {other}", fix="take powers of a positive number")
    return Use("number_power", {"x": input}, {"number": float(other), "log": math.log(other)})


def forward(x: Array, number: float) -> Array:
    return number**x


def d_x(dy: Array, y: Array, log: float) -> Array:
    return dy * y * log


def scalars(s: Scalars, x: Array, number: float, log: float) -> Array:
    return np.frompyfunc(lambda z: s.call("exp", z * log), 1, 1)(x)


def trial(pick: Pick) -> Call:
    return torch.Tensor.__rpow__, (pick.normal(pick(1, 4)), pick.choice([2, 10.0])), {}
