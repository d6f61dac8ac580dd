"""Hard sigmoid: three straight pieces in the place of the curve.

The slope is 1/6 as PyTorch has it: rounded to float32, whatever the type of the numbers.
"""

from __future__ import annotations

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "a straight line from 0 at -3 to 1 at 3"
FORMULA = r"y = \min(1, \max(0, \tfrac x6 + \tfrac12))"
SPELLINGS = ("torch.nn.Hardsigmoid", "torch.nn.functional.hardsigmoid")


def read(input: Tensor, inplace: bool = False) -> Use:
    return Use("hardsigmoid", {"x": input})


def forward(x: Array) -> Array:
    return np.clip(x / 6 + 0.5, 0, 1)


def d_x(dy: Array, x: Array) -> Array:
    return dy * ((x > -3) & (x < 3)) * 0.1666666716337204


def tensors(x: Tensor) -> Tensor:
    return F.hardsigmoid(x)


def trial(pick: Pick) -> Call:
    return F.hardsigmoid, ((pick.normal(pick(1, 4), 5).detach() * 3).requires_grad_(),), {}
