"""The axes in another order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "the axes in another order"
FORMULA = r"y_{jik} = x_{ijk}"
SPELLINGS = ("torch.permute", "torch.Tensor.permute")


def read(input: Tensor, *dims: Any) -> Use:
    flat = dims[0] if len(dims) == 1 and isinstance(dims[0], (tuple, list)) else dims
    return permuted(input, [d % input.ndim for d in flat])


def permuted(x: Tensor, axes: Sequence[int]) -> Use:
    """Return the use that puts the axes of ``x`` in this order."""
    back = sorted(range(len(axes)), key=list(axes).__getitem__)
    return Use("permute", {"x": x}, {"axes": tuple(axes), "back": tuple(back)})


def forward(x: Array, axes: tuple[int, ...]) -> Array:
    return x.transpose(axes)


def d_x(dy: Array, back: tuple[int, ...]) -> Array:
    return dy.transpose(back)


def torch_forward(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    return x.permute(axes)


def torch_d_x(dy: Tensor, back: tuple[int, ...]) -> Tensor:
    return dy.permute(back)


def trial(pick: Pick) -> Call:
    return torch.permute, (pick.normal(pick(1, 3), 2, pick(2, 4)), pick.choice([(2, 0, 1), (0, 2, 1), (-1, 1, 0)])), {}
