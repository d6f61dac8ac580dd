"""Padding with a number around the last axes."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.errors import OnionskinError
from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "a border of one value is put around"
FORMULA = r"y = \begin{pmatrix} c & c & c \\ c & x & c \\ c & c & c \end{pmatrix}"
SPELLINGS = (
    "torch.nn.functional.pad",
    "torch.nn.ZeroPad1d",
    "torch.nn.ZeroPad2d",
    "torch.nn.ConstantPad1d",
    "torch.nn.ConstantPad2d",
    "torch.nn.ReflectionPad2d",
)


def read(input: Tensor, pad: Any, mode: str = "constant", value: float | None = None) -> Use:
    if mode not in ("constant", "reflect"):
        raise OnionskinError(f"pads with mode={mode!r}", fix="pad with 'constant' or 'reflect'")
    pairs = [(int(pad[i]), int(pad[i + 1])) for i in range(0, len(pad), 2)]
    if any(side < 0 for pair in pairs for side in pair):
        raise OnionskinError(f"pads with {tuple(pad)}, which cuts off", fix="cut with a slice: x[:, 1:]")
    width = (*((0, 0),) * (input.ndim - len(pairs)), *reversed(pairs))
    inside = tuple(slice(before, before + n) for (before, _), n in zip(width, input.shape, strict=True))
    settings = {"width": width, "sides": tuple(int(side) for side in pad)}
    if mode == "reflect":
        return Use("pad_reflect", {"x": input}, settings)
    return Use("pad", {"x": input}, {**settings, "inside": inside, "value": value or 0.0})


def forward(x: Array, width: Any, value: float) -> Array:
    return np.pad(x, width) if value == 0.0 else np.pad(x, width, constant_values=value)


def d_x(dy: Array, inside: Any) -> Array:
    return dy[inside]


def tensors(x: Tensor, sides: Any, value: float) -> Tensor:
    return F.pad(x, sides) if value == 0.0 else F.pad(x, sides, value=value)


def padded(x: Array, padding: Any) -> Array:
    """Zeros around images: padding[0] rows above and below, padding[1] columns on both sides."""
    return np.pad(x, ((0, 0), (0, 0), (padding[0], padding[0]), (padding[1], padding[1])))


def torch_padded(x: Tensor, padding: Any) -> Tensor:
    """Zeros around images: padding[0] rows above and below, padding[1] columns on both sides."""
    return F.pad(x, (padding[1], padding[1], padding[0], padding[0]))


def trial(pick: Pick) -> Call:
    sides = [pick(0, 2) for _ in range(pick.choice([2, 4]))]
    return F.pad, (pick.normal(2, pick(1, 3), 4), sides), {"value": pick.choice([0.0, -1.5])}
