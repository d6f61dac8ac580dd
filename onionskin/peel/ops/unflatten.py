"""One axis as several."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.ops.reshape import reshaped
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "one axis as several"
FORMULA = r"y = x \text{ in another shape}"
SPELLINGS = ("torch.nn.Unflatten", "torch.unflatten", "torch.Tensor.unflatten")


def read(input: Tensor, dim: int, sizes: Sequence[int]) -> Use:
    return reshaped(
        input, torch.unflatten(torch.empty(input.shape, device="meta"), dim, tuple(sizes)).shape, "unflatten"
    )


def forward(x: Array, shape: tuple[int, ...]) -> Array:
    return x.reshape(shape)


def d_x(dy: Array, x: Array) -> Array:
    return dy.reshape(x.shape)


def trial(pick: Pick) -> Call:
    a, b = pick(1, 3), pick(1, 4)
    return torch.unflatten, (pick.normal(2, a * b), 1, (a, b)), {}
