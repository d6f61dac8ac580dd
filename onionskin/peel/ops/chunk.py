"""One array in so many equal parts."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.ops.split import parts
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "cut into equal parts; their gradients are put together again"
FORMULA = r"[a; b; \dots] = x"
SPELLINGS = ("torch.chunk", "torch.Tensor.chunk")
OUTPUTS = ("*",)


def read(input: Tensor, chunks: int, dim: int = 0) -> Use:
    axis = dim % input.ndim
    return parts(
        input, [part.shape[axis] for part in torch.empty(input.shape, device="meta").chunk(chunks, axis)], axis, "chunk"
    )


def forward(x: Array, cuts: tuple[int, ...], axis: int) -> Array:
    return np.split(x, cuts, axis=axis)


def d_x(dys: list[Array], axis: int) -> Array:
    return np.concatenate(dys, axis=axis)


def torch_forward(x: Tensor, cuts: tuple[int, ...], axis: int) -> Any:
    return torch.tensor_split(x, cuts, dim=axis)


def trial(pick: Pick) -> Call:
    return torch.chunk, (pick.normal(pick(2, 3), 6), pick.choice([2, 3, 1]), -1), {}
