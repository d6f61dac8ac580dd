"""Where it is not true."""

from __future__ import annotations

import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "true where it was false"
FORMULA = r"y = \neg x"
SPELLINGS = ("torch.logical_not", "torch.Tensor.logical_not", "torch.Tensor.__invert__", "torch.bitwise_not")


def read(input: Tensor) -> Use:
    return Use("logical_not", {"x": input})


def forward(x: Array) -> Array:
    return ~x


def trial(pick: Pick) -> Call:
    return torch.Tensor.__invert__, (pick.whole(2, pick(1, 4)) == 1,), {}
