"""The same values once more."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "the same values"
FORMULA = r"y = x"
SPELLINGS = ("torch.clone", "torch.Tensor.clone", "torch.Tensor.contiguous", "torch.nn.Identity")


def read(input: Tensor, **named: Any) -> Use:
    return Use("copy", {"x": input})


def forward(x: Array) -> Array:
    return x


def d_x(dy: Array) -> Array:
    return dy


def trial(pick: Pick) -> Call:
    return torch.clone, (pick.normal(2, pick(1, 4)),), {}
