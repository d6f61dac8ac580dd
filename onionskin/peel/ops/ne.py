"""Whether each value is != another."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "whether it is so, place by place"
FORMULA = r"y = [a \ne  b]"
SPELLINGS = ("torch.ne", "torch.Tensor.ne", "torch.Tensor.__ne__")


def read(input: Tensor, other: Any) -> Use:
    return Use("ne", {"a": input, "b": other})


def forward(a: Array, b: Array) -> Array:
    return a != b


def trial(pick: Pick) -> Call:
    return torch.ne, (pick.normal(2, pick(1, 4)), pick.choice([0, 0.5])), {}
