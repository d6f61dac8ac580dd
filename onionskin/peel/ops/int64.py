"""The values as int64; no gradient passes."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "the same values as int64"
FORMULA = r"y = x"
SPELLINGS = ("torch.Tensor.long",)


def read(input: Tensor) -> Use:
    return Use("int64", {"x": input})


def forward(x: Array) -> Array:
    return x.astype(np.int64)


def tensors(x: Tensor) -> Tensor:
    return x.to(torch.int64)


def trial(pick: Pick) -> Call:
    return torch.Tensor.long, (pick.normal(pick(1, 3), 2),), {}
