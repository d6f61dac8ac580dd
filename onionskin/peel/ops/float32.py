"""The values as float32; the gradient goes back in the type that was there."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.arithmetic.scalar import Scalars
from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "the same values as float32"
FORMULA = r"y = x"
SPELLINGS = ("torch.Tensor.float",)


def read(input: Tensor) -> Use:
    return Use("float32", {"x": input})


def forward(x: Array) -> Array:
    return x.astype(np.float32)


def d_x(dy: Array, x: Array) -> Array:
    return dy.astype(x.dtype)


def torch_d_x(dy: Tensor, x: Tensor) -> Tensor:
    return dy.to(x.dtype)


def tensors(x: Tensor) -> Tensor:
    return x.to(torch.float32)


def scalars(s: Scalars, x: Array) -> Array:
    return x


def trial(pick: Pick) -> Call:
    return torch.Tensor.float, (pick.whole(5, pick(1, 3), 2),), {}
