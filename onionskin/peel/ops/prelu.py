"""PReLU: ReLU whose slope below 0 is learnt, one for all or one a channel.

Paper: He et al. (2015), "Delving deep into rectifiers".
"""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "what is negative is scaled by a slope that is learnt"
FORMULA = r"y = \max(0, x) + a \min(0, x)"
SPELLINGS = ("torch.nn.PReLU", "torch.nn.functional.prelu", "torch.prelu", "torch.Tensor.prelu")


def read(input: Tensor, weight: Tensor) -> Use:
    shape = (-1, *(1 for _ in input.shape[2:]))
    axes = tuple(i for i in range(input.ndim) if i != 1)
    one = weight.numel() == 1
    return Use("prelu", {"x": input, "weight": weight}, {"shape": shape, "axes": axes, "one": one})


def forward(x: Array, weight: Array, shape: Any) -> Array:
    return np.where(x > 0, x, weight.reshape(shape) * x)


def d_x(dy: Array, x: Array, weight: Array, shape: Any) -> Array:
    return dy * np.where(x > 0, 1, weight.reshape(shape))


def d_weight(dy: Array, x: Array, one: bool, axes: Any) -> Array:
    return (dy * np.clip(x, None, 0)).sum().reshape(1) if one else (dy * np.clip(x, None, 0)).sum(axis=axes)


def tensors(x: Tensor, weight: Tensor) -> Tensor:
    return F.prelu(x, weight)


def trial(pick: Pick) -> Call:
    x = pick.normal(pick(1, 3), 3, *pick.choice([(), (2, 2)]))
    return F.prelu, (x, pick.normal(pick.choice([1, 3]))), {}
