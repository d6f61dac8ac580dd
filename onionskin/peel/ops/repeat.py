"""The whole tensor several times along its axes, like tiles."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "the whole several times side by side; the gradients of the copies add up"
FORMULA = r"y = (x \; x \; \cdots \; x)"
SPELLINGS = ("torch.Tensor.repeat", "torch.tile", "torch.Tensor.tile")


def read(input: Tensor, *sizes: Any, **named: Any) -> Use:
    given = named.get("repeats") or named.get("dims") or sizes
    flat = tuple(given[0]) if len(given) == 1 and isinstance(given[0], (tuple, list)) else tuple(given)
    times = (1,) * (input.ndim - len(flat)) + flat
    old = (1,) * (len(times) - input.ndim) + tuple(input.shape)
    parts = tuple(size for pair in zip(times, old, strict=True) for size in pair)
    return Use("repeat", {"x": input}, {"times": times, "parts": parts, "copies": tuple(range(0, len(parts), 2))})


def forward(x: Array, times: Any) -> Array:
    return np.tile(x, times)


def d_x(dy: Array, x: Array, parts: Any, copies: Any) -> Array:
    return dy.reshape(parts).sum(axis=copies).reshape(x.shape)


def trial(pick: Pick) -> Call:
    x = pick.normal(pick(1, 3), pick(1, 3))
    return torch.Tensor.repeat, (x, *pick.choice([(2, 1), (1, 3), (2, 1, 2), (1, 1)])), {}
