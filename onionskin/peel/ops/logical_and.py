"""Where both are true."""

from __future__ import annotations

import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "true where both are true"
FORMULA = r"y = a \wedge b"
SPELLINGS = ("torch.logical_and", "torch.Tensor.logical_and", "torch.Tensor.__and__", "torch.bitwise_and")


def read(input: Tensor, other: Tensor) -> Use:
    return Use("logical_and", {"a": input, "b": other})


def forward(a: Array, b: Array) -> Array:
    return a & b


def trial(pick: Pick) -> Call:
    return torch.Tensor.__and__, (pick.whole(2, 4) == 1, pick.whole(2, pick(1, 3), 4) == 1), {}
