"""Dropout: some values become 0 at random, the others grow so that the mean stays.

The mask is drawn from the stream that all levels share, in the order of the forward.
Paper: Srivastava et al. (2014), "Dropout: a simple way to prevent neural networks from overfitting".
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "some values become 0 at random, the others grow so that the mean stays"
FORMULA = r"y = \frac{m}{1 - p}\, x, \qquad m \sim \mathrm{Bernoulli}(1 - p)"
SPELLINGS = ("torch.nn.Dropout", "torch.nn.functional.dropout", "torch.dropout")
SAVES = ("keep",)
DRAWS = True


def read(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Use:
    if not training or p == 0:
        return Use("copy", {"x": input})
    return Use("dropout", {"x": input}, {"p": p})


def forward(x: Array, p: float, rng: Any) -> Array:
    """y = x * keep / (1 - p), and that factor."""
    keep = (rng.random(x.shape) >= p).astype(x.dtype) / (1 - p)
    return x * keep, keep


def d_x(dy: Array, keep: Array) -> Array:
    return dy * keep


def torch_forward(x: Tensor, p: float, rng: Any) -> Any:
    """y = x * keep / (1 - p), and that factor."""
    keep = torch.from_numpy(rng.random(x.shape) >= p).to(x.dtype) / (1 - p)
    return x * keep, keep


def trial(pick: Pick) -> Call:
    return F.dropout, (pick.normal(pick(1, 4), pick(1, 5)), pick.choice([0.5, 0.25])), {}


def tensors(x: Tensor, p: float, rng: Any) -> Tensor:
    return x * (torch.from_numpy(rng.random(x.shape) >= p).to(x.dtype) / (1 - p))
