"""A tensor divided by a number."""

from __future__ import annotations

import torch

from onionskin.peel.ops import Array
from onionskin.peel.trial import Call, Pick

SENTENCE = "everything is divided by the same number, and so is the gradient"
FORMULA = r"y = \frac xc"


def forward(x: Array, number: float) -> Array:
    return x / number


def d_x(dy: Array, number: float) -> Array:
    return dy / number


def trial(pick: Pick) -> Call:
    return torch.div, (pick.normal(pick(1, 4)), pick.choice([2, -0.3])), {}
