"""The same values, and nothing flows back."""

from __future__ import annotations

import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "the same values; nothing flows back from here"
FORMULA = r"y = x, \qquad \frac{\partial y}{\partial x} := 0"
SPELLINGS = ("torch.Tensor.detach", "torch.Tensor.data")


def read(input: Tensor) -> Use:
    return Use("detach", {"x": input})


def forward(x: Array) -> Array:
    return x


def tensors(x: Tensor) -> Tensor:
    return x.detach()


def trial(pick: Pick) -> Call:
    return torch.Tensor.detach, (pick.normal(2, pick(1, 4)),), {}
