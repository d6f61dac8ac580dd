"""Several arrays of one shape along a new axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "side by side along a new axis"
FORMULA = r"y_k = x_k"
SPELLINGS = ("torch.stack",)


def read(tensors: Sequence[Tensor], dim: int = 0) -> Use:
    return Use("stack", {"xs": list(tensors)}, {"axis": dim % (tensors[0].ndim + 1)})


def forward(xs: list[Array], axis: int) -> Array:
    return np.stack(xs, axis=axis)


def d_xs(dy: Array, axis: int) -> Array:
    return [*np.moveaxis(dy, axis, 0)]


def torch_d_xs(dy: Tensor, axis: int) -> Any:
    return torch.unbind(dy, axis)


def tensors(xs: list[Tensor], axis: int) -> Tensor:
    return torch.stack(xs, axis)


def trial(pick: Pick) -> Call:
    n, m = pick(1, 3), pick(1, 3)
    return torch.stack, ([pick.normal(n, m), pick.normal(n, m)], pick.choice([0, 1, -1])), {}
