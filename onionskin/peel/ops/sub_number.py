"""A number taken from a tensor."""

from __future__ import annotations

import torch

from onionskin.peel.ops import Array
from onionskin.peel.trial import Call, Pick

SENTENCE = "the same number is taken away everywhere"
FORMULA = r"y = x - c"


def forward(x: Array, number: float) -> Array:
    return x - number


def d_x(dy: Array) -> Array:
    return dy


def trial(pick: Pick) -> Call:
    return torch.sub, (pick.normal(pick(1, 4)), pick.choice([1, 0.5])), {}
