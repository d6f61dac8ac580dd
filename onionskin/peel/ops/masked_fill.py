"""A number in the place of what a mask covers."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from onionskin.errors import OnionskinError
from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "a number stands where the mask is; nothing flows back from there"
FORMULA = r"y = m\,?\,v : x"
SPELLINGS = ("torch.masked_fill", "torch.Tensor.masked_fill", "torch.Tensor.masked_fill_")


def read(input: Tensor, mask: Tensor, value: float) -> Use:
    if np.broadcast_shapes(input.shape, mask.shape) != input.shape:
        raise OnionskinError("is filled by a mask of a larger shape", fix="expand it to the mask's shape first")
    return Use("masked_fill", {"x": input, "mask": mask}, {"value": float(value)})


def forward(x: Array, mask: Array, value: float) -> Array:
    return np.where(mask, value, x)


def d_x(dy: Array, mask: Array) -> Array:
    return dy * ~mask


def tensors(x: Tensor, mask: Tensor, value: float) -> Tensor:
    return x.masked_fill(mask, value)


def trial(pick: Pick) -> Call:
    n, m = pick(1, 3), pick(1, 4)
    return torch.masked_fill, (pick.normal(n, m), pick.whole(2, m) > 0, pick.choice([0.0, -5.0])), {}
