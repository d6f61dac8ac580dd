"""One more axis, of length 1."""

from __future__ import annotations

import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.ops.reshape import reshaped
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "one more axis, of length 1"
FORMULA = r"y = x \text{ with one more axis}"
SPELLINGS = (
    "torch.unsqueeze",
    "torch.Tensor.unsqueeze",
    "torch.Tensor.unsqueeze_",
)


def read(input: Tensor, dim: int) -> Use:
    return reshaped(input, torch.empty(input.shape, device="meta").unsqueeze(dim).shape, "unsqueeze")


def forward(x: Array, shape: tuple[int, ...]) -> Array:
    return x.reshape(shape)


def d_x(dy: Array, x: Array) -> Array:
    return dy.reshape(x.shape)


def trial(pick: Pick) -> Call:
    return torch.unsqueeze, (pick.normal(pick(1, 3), pick(2, 4)), pick.choice([0, 1, -1])), {}
