"""Clamp: cut off below and above, as ReLU6 and hardtanh do.

Nothing flows back to what was cut off.
"""

from __future__ import annotations

import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "cut off below and above"
FORMULA = r"y = \min(\max(x, a), b), \qquad \frac{\partial y}{\partial x} = [a < x < b]"
SPELLINGS = (
    "torch.clamp",
    "torch.Tensor.clamp",
    "torch.clip",
    "torch.Tensor.clip",
    "torch.Tensor.clamp_",
    "torch.clamp_min",
    "torch.Tensor.clamp_min",
    "torch.Tensor.clamp_min_",
)


def read(input: Tensor, min: float | None = None, max: float | None = None) -> Use:
    return Use("clamp", {"x": input}, {"low": min, "high": max})


def forward(x: Array, low: float | None, high: float | None) -> Array:
    return x.clip(low, high)


def d_x(dy: Array, x: Array, low: float | None, high: float | None) -> Array:
    """What was cut off gets nothing."""
    if low is None:
        return dy * (x <= high)
    if high is None:
        return dy * (x >= low)
    return dy * ((x >= low) & (x <= high))


def trial(pick: Pick) -> Call:
    return (
        torch.clamp,
        (pick.normal(pick(1, 4), pick(1, 5)), *pick.choice([(-0.5, 0.5), (0.0, None), (None, 0.25)])),
        {},
    )
