"""The values as float64; the gradient goes back in the type that was there."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.arithmetic.scalar import Scalars
from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "the same values as float64"
FORMULA = r"y = x"
SPELLINGS = ("torch.Tensor.double",)


def read(input: Tensor) -> Use:
    return Use("float64", {"x": input})


def forward(x: Array) -> Array:
    return x.astype(np.float64)


def d_x(dy: Array, x: Array) -> Array:
    return dy.astype(x.dtype)


def torch_d_x(dy: Tensor, x: Tensor) -> Tensor:
    return dy.to(x.dtype)


def tensors(x: Tensor) -> Tensor:
    return x.to(torch.float64)


def scalars(s: Scalars, x: Array) -> Array:
    return x


def trial(pick: Pick) -> Call:
    return torch.Tensor.double, (pick.normal(pick(1, 3), 2),), {}
