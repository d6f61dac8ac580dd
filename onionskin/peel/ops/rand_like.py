"""Random numbers between 0 and 1, of the shape of what is given, from the stream that every level shares."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "random numbers between 0 and 1"
FORMULA = r"y \sim U(0, 1)"
SPELLINGS = ("torch.rand_like",)
DRAWS = True


def read(input: Tensor, **named: Any) -> Use:
    return Use("rand_like", {"x": input})


def forward(x: Array, rng: Any) -> Array:
    return rng.random(x.shape).astype(x.dtype)


def tensors(x: Tensor, rng: Any) -> Tensor:
    return torch.from_numpy(rng.random(x.shape)).to(x.dtype)


def trial(pick: Pick) -> Call:
    return torch.rand_like, (pick.normal(pick(1, 4), pick(1, 3)).detach(),), {}
