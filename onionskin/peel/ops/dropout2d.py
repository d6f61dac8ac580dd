"""Dropout of whole channels: each is dropped with probability p, the others grow so that the mean stays.

The random numbers come from the stream that every level shares. Paper: Tompson et al. (2015), "Efficient object
localization using convolutional networks".
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "each channel is dropped with probability p, and the others grow to make up for it"
FORMULA = r"y_{n,c} = \frac{x_{n,c}\, [u_{n,c} \ge p]}{1 - p}"
SPELLINGS = (
    "torch.nn.Dropout2d",
    "torch.nn.functional.dropout2d",
    "torch.nn.functional.dropout1d",
    "torch.nn.Dropout1d",
)
SAVES = ("keep",)
TORCH_SAVES = ("keep",)
DRAWS = True


def read(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Use:
    if not training or p == 0:
        return Use("copy", {"x": input})
    return Use("dropout2d", {"x": input}, {"p": p, "shape": (*input.shape[:2], *(1 for _ in input.shape[2:]))})


def forward(x: Array, p: float, shape: Any, rng: Any) -> Array:
    """y = x keep / (1 - p); kept are the channels whose random number is at least p."""
    keep = (rng.random(shape) >= p).astype(x.dtype)
    return x * keep / (1 - p), keep


def d_x(dy: Array, keep: Array, p: float) -> Array:
    return dy * keep / (1 - p)


def torch_forward(x: Tensor, p: float, shape: Any, rng: Any) -> Any:
    """y = x keep / (1 - p); kept are the channels whose random number is at least p."""
    keep = torch.from_numpy(rng.random(shape) >= p).to(x.dtype)
    return x * keep / (1 - p), keep


def tensors(x: Tensor, p: float, shape: Any, rng: Any) -> Tensor:
    return x * torch.from_numpy(rng.random(shape) >= p) / (1 - p)


def trial(pick: Pick) -> Call:
    x = pick.normal(pick(1, 3), pick(1, 4), *pick.choice([(2,), (2, 3)]))
    return F.dropout2d if x.ndim == 4 else F.dropout1d, (x, pick.choice([0.25, 0.5])), {}
