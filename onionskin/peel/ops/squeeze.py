"""Without the axes of length 1."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.ops.reshape import reshaped
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "without axes of length 1"
FORMULA = r"y = x \text{ without axes of length 1}"
SPELLINGS = (
    "torch.squeeze",
    "torch.Tensor.squeeze",
    "torch.Tensor.squeeze_",
)


def read(input: Tensor, *dim: Any, **named: Any) -> Use:
    return reshaped(input, torch.empty(input.shape, device="meta").squeeze(*dim, **named).shape, "squeeze")


def forward(x: Array, shape: tuple[int, ...]) -> Array:
    return x.reshape(shape)


def d_x(dy: Array, x: Array) -> Array:
    return dy.reshape(x.shape)


def trial(pick: Pick) -> Call:
    return torch.squeeze, (pick.normal(pick(1, 3), 1, pick(2, 4)), *pick.choice([(), (1,), (-2,)])), {}
