"""One array for each place of an axis."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "one array for each place of an axis"
FORMULA = r"x_k = x[k]"
SPELLINGS = ("torch.unbind", "torch.Tensor.unbind")
OUTPUTS = ("*",)


def read(input: Tensor, dim: int = 0) -> Use:
    return Use("unbind", {"x": input}, {"axis": dim % input.ndim})


def forward(x: Array, axis: int) -> Array:
    return [*np.moveaxis(x, axis, 0)]


def d_x(dys: list[Array], axis: int) -> Array:
    return np.stack(dys, axis=axis)


def torch_forward(x: Tensor, axis: int) -> Any:
    return torch.unbind(x, axis)


def torch_d_x(dys: list[Tensor], axis: int) -> Tensor:
    return torch.stack(dys, axis)


def trial(pick: Pick) -> Call:
    return torch.unbind, (pick.normal(pick(2, 3), 3), pick.choice([0, 1])), {}
