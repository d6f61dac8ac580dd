"""Hard swish: a value times its hard sigmoid. Paper: Howard et al. (2019), "Searching for MobileNetV3"."""

from __future__ import annotations

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "a value times how far it is from -3 to 3"
FORMULA = r"y = x \cdot \min(1, \max(0, \tfrac x6 + \tfrac12))"
SPELLINGS = ("torch.nn.Hardswish", "torch.nn.functional.hardswish")


def read(input: Tensor, inplace: bool = False) -> Use:
    return Use("hardswish", {"x": input})


def forward(x: Array) -> Array:
    return x * np.clip(x / 6 + 0.5, 0, 1)


def d_x(dy: Array, x: Array) -> Array:
    return dy * np.where(x < -3, 0, np.where(x > 3, 1, x / 3 + 0.5))


def tensors(x: Tensor) -> Tensor:
    return F.hardswish(x)


def trial(pick: Pick) -> Call:
    return F.hardswish, ((pick.normal(pick(1, 4), 5).detach() * 3).requires_grad_(),), {}
