"""The upper triangle of matrices; the rest becomes 0."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "what lies below the diagonal becomes 0"
FORMULA = r"y_{ij} = x_{ij}\, [j \ge i + k]"
SPELLINGS = ("torch.triu", "torch.Tensor.triu")


def read(input: Tensor, diagonal: int = 0) -> Use:
    return Use("triu", {"x": input}, {"diagonal": diagonal})


def forward(x: Array, diagonal: int) -> Array:
    return np.triu(x, diagonal)


def d_x(dy: Array, diagonal: int) -> Array:
    return np.triu(dy, diagonal)


def trial(pick: Pick) -> Call:
    return torch.triu, (pick.normal(pick(1, 4), pick(1, 4)), pick(-1, 1)), {}
