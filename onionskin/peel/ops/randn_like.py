"""Normal random numbers, from the stream that all levels share."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "normal random numbers from the stream that all levels share"
FORMULA = r"y \sim \mathcal N(0, 1)"
SPELLINGS = ("torch.randn_like",)
DRAWS = True


def read(input: Tensor, **named: Any) -> Use:
    return Use("randn_like", {"x": input})


def forward(x: Array, rng: Any) -> Array:
    return rng.standard_normal(x.shape).astype(x.dtype)


def torch_forward(x: Tensor, rng: Any) -> Tensor:
    return torch.from_numpy(rng.standard_normal(x.shape)).to(x.dtype)


def trial(pick: Pick) -> Call:
    return torch.randn_like, (pick.normal(pick(1, 4), pick(1, 5)),), {}


def tensors(x: Tensor, rng: Any) -> Tensor:
    return torch.from_numpy(rng.standard_normal(x.shape)).to(x.dtype)
