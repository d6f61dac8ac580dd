"""Where the largest value stands along an axis; no gradient passes."""

from __future__ import annotations

import torch
from torch import Tensor

from onionskin.errors import OnionskinError
from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "the number of the largest value"
FORMULA = r"y = \arg\max_i x_i"
SPELLINGS = ("torch.argmax", "torch.Tensor.argmax")


def read(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Use:
    if dim is None:
        raise OnionskinError("asks for the argmax of a whole tensor", fix="say along which axis: argmax(dim=1)")
    return Use("argmax", {"x": input}, {"axis": dim, "keepdims": keepdim})


def forward(x: Array, axis: int, keepdims: bool) -> Array:
    return x.argmax(axis=axis, keepdims=keepdims)


def trial(pick: Pick) -> Call:
    x = pick.normal(pick(1, 3), pick(1, 3), pick(2, 4))
    return torch.argmax, (x, pick.choice([0, 1, -1])), {"keepdim": pick.choice([True, False])}
