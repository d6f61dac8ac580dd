"""The same values in another shape, in reading order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "the same values in another shape"
FORMULA = r"y = x \text{ in another shape}"
SPELLINGS = (
    "torch.reshape",
    "torch.Tensor.reshape",
    "torch.Tensor.view",
    "torch.Tensor.view_as",
    "torch.Tensor.reshape_as",
)


def read(input: Tensor, *shape: Any) -> Use:
    if isinstance(shape[0], Tensor):
        return reshaped(input, shape[0].shape)
    flat = shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
    return reshaped(input, torch.empty(input.shape, device="meta").reshape(tuple(flat)).shape)


def reshaped(x: Tensor, shape: Sequence[int], op: str = "reshape") -> Use:
    """Return the use that gives ``x`` this shape."""
    return Use(op, {"x": x}, {"shape": tuple(shape)})


def forward(x: Array, shape: tuple[int, ...]) -> Array:
    return x.reshape(shape)


def d_x(dy: Array, x: Array) -> Array:
    return dy.reshape(x.shape)


def trial(pick: Pick) -> Call:
    a, b, c = pick(1, 3), pick(1, 3), pick(1, 4)
    return torch.Tensor.view, (pick.normal(a, b, c), *pick.choice([(a, b * c), (-1,), (c, a * b)])), {}
