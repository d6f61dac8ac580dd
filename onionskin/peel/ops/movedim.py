"""Moves axes to other places; the others keep their order."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "an axis moved to another place"
FORMULA = r"y_{jki} = x_{ijk}"
SPELLINGS = ("torch.movedim", "torch.Tensor.movedim", "torch.moveaxis", "torch.Tensor.moveaxis")


def read(input: Tensor, source: Any, destination: Any) -> Use:
    return Use("movedim", {"x": input}, {"source": source, "place": destination})


def forward(x: Array, source: Any, place: Any) -> Array:
    return np.moveaxis(x, source, place)


def d_x(dy: Array, source: Any, place: Any) -> Array:
    return np.moveaxis(dy, place, source)


def trial(pick: Pick) -> Call:
    x = pick.normal(pick(1, 3), 2, pick(1, 4))
    return torch.movedim, (x, *pick.choice([(0, 2), (-1, 1), ((0, 1), (1, 2))])), {}
