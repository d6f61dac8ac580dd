"""The lower triangle of matrices; the rest becomes 0."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "what lies above the diagonal becomes 0"
FORMULA = r"y_{ij} = x_{ij}\, [j \le i + k]"
SPELLINGS = ("torch.tril", "torch.Tensor.tril")


def read(input: Tensor, diagonal: int = 0) -> Use:
    return Use("tril", {"x": input}, {"diagonal": diagonal})


def forward(x: Array, diagonal: int) -> Array:
    return np.tril(x, diagonal)


def d_x(dy: Array, diagonal: int) -> Array:
    return np.tril(dy, diagonal)


def trial(pick: Pick) -> Call:
    return torch.tril, (pick.normal(pick(1, 4), pick(1, 4)), pick(-1, 1)), {}
