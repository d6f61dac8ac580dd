"""The values in the type of number that is asked for: ``x.to(dtype)``, ``x.type_as(other)``."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from onionskin.errors import OnionskinError
from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "the same values in the type of number that is asked for"
FORMULA = r"y = x"
SPELLINGS = ("torch.Tensor.to", "torch.Tensor.type", "torch.Tensor.type_as")


def read(input: Tensor, *args: Any, **named: Any) -> Use:
    for given in [*args, *named.values()]:
        dtype = given.dtype if isinstance(given, Tensor) else given
        if isinstance(dtype, torch.dtype) and dtype != input.dtype:
            name = str(dtype).removeprefix("torch.")
            if name not in ("float32", "float64", "int64"):
                raise OnionskinError(f"turns numbers into {name}", fix="use float32, float64 or int64")
            return Use(name, {"x": input})
    return Use("to", {"x": input})


def forward(x: Array) -> Array:
    return x


def d_x(dy: Array) -> Array:
    return dy


def trial(pick: Pick) -> Call:
    return torch.Tensor.to, (pick.normal(pick(1, 3), 2), torch.float64), {}
