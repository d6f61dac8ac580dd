"""Where one or both are true."""

from __future__ import annotations

import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "true where one or both are true"
FORMULA = r"y = a \vee b"
SPELLINGS = ("torch.logical_or", "torch.Tensor.logical_or", "torch.Tensor.__or__", "torch.bitwise_or")


def read(input: Tensor, other: Tensor) -> Use:
    return Use("logical_or", {"a": input, "b": other})


def forward(a: Array, b: Array) -> Array:
    return a | b


def trial(pick: Pick) -> Call:
    return torch.Tensor.__or__, (pick.whole(2, 4) == 1, pick.whole(2, pick(1, 3), 4) == 1), {}
