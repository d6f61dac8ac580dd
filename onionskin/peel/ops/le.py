"""Whether each value is <= another."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "whether it is so, place by place"
FORMULA = r"y = [a \le  b]"
SPELLINGS = ("torch.le", "torch.Tensor.le", "torch.Tensor.__le__")


def read(input: Tensor, other: Any) -> Use:
    return Use("le", {"a": input, "b": other})


def forward(a: Array, b: Array) -> Array:
    return a <= b


def trial(pick: Pick) -> Call:
    return torch.le, (pick.normal(2, pick(1, 4)), pick.choice([0, 0.5])), {}
