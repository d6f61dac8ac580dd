"""Several arrays behind each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "one behind the other; each gets its own part of the gradient"
FORMULA = r"y = [a; b; \dots]"
SPELLINGS = ("torch.cat", "torch.concat", "torch.concatenate")


def read(tensors: Sequence[Tensor], dim: int = 0) -> Use:
    axis = dim % tensors[0].ndim
    cuts, end = [], 0
    for tensor in tensors[:-1]:
        end += tensor.shape[axis]
        cuts.append(end)
    return Use("cat", {"xs": list(tensors)}, {"axis": axis, "cuts": tuple(cuts)})


def forward(xs: list[Array], axis: int) -> Array:
    return np.concatenate(xs, axis=axis)


def d_xs(dy: Array, cuts: tuple[int, ...], axis: int) -> Array:
    return np.split(dy, cuts, axis=axis)


def torch_d_xs(dy: Tensor, cuts: tuple[int, ...], axis: int) -> Any:
    return torch.tensor_split(dy, cuts, dim=axis)


def tensors(xs: list[Tensor], axis: int) -> Tensor:
    return torch.cat(xs, dim=axis)


def trial(pick: Pick) -> Call:
    n, m = pick(1, 3), pick(1, 3)
    return torch.cat, ([pick.normal(n, m), pick.normal(n, m), pick.normal(n, m)], pick.choice([0, 1, -1])), {}
