"""Hard tanh and ReLU6: a line, cut off below and above.

Exactly at the ends nothing flows back, as in PyTorch.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "a line, cut off below and above"
FORMULA = r"y = \min(\max(x, a), b), \qquad \frac{\partial y}{\partial x} = [a < x < b]"
SPELLINGS = ("torch.nn.Hardtanh", "torch.nn.ReLU6", "torch.nn.functional.hardtanh", "torch.nn.functional.hardtanh_")


def read(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Use:
    return Use("hardtanh", {"x": input}, {"low": min_val, "high": max_val})


def forward(x: Array, low: float, high: float) -> Array:
    return x.clip(low, high)


def d_x(dy: Array, x: Array, low: float, high: float) -> Array:
    return dy * ((x > low) & (x < high))


def tensors(x: Tensor, low: float, high: float) -> Tensor:
    return F.hardtanh(x, low, high)


def trial(pick: Pick) -> Call:
    return F.hardtanh, (pick.normal(pick(1, 4), pick(1, 5)), *pick.choice([(-1.0, 1.0), (0.0, 0.5)])), {}
