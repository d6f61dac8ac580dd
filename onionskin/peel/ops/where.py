"""One or the other, place by place."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from onionskin.errors import OnionskinError
from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "from the one where the condition holds, from the other elsewhere"
FORMULA = r"y = c\,?\,a : b"
SPELLINGS = ("torch.where", "torch.Tensor.where")


def read(condition: Tensor, input: Any, other: Any) -> Use:
    full = np.broadcast_shapes(*(t.shape for t in (condition, input, other) if isinstance(t, Tensor)))
    if any(isinstance(t, Tensor) and t.requires_grad and t.shape != full for t in (input, other)):
        raise OnionskinError("chooses by torch.where between different shapes", fix="expand them to one shape first")
    return Use("where", {"condition": condition, "a": input, "b": other})


def forward(condition: Array, a: Array, b: Array) -> Array:
    return np.where(condition, a, b)


def d_a(dy: Array, condition: Array) -> Array:
    return dy * condition


def d_b(dy: Array, condition: Array) -> Array:
    return dy * ~condition


def trial(pick: Pick) -> Call:
    n, m = pick(1, 3), pick(1, 4)
    return torch.where, (pick.whole(2, n, m) > 0, pick.normal(n, m), pick.normal(n, m)), {}
