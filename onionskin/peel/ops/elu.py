"""ELU: an exponential that levels off where a ReLU is 0.

Paper: Clevert, Unterthiner & Hochreiter (2015), "Fast and accurate deep network learning by exponential linear units".
"""

from __future__ import annotations

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "what is negative levels off smoothly at -alpha"
FORMULA = r"y = x \text{ if } x > 0 \text{ else } \alpha (e^x - 1)"
SPELLINGS = ("torch.nn.ELU", "torch.nn.functional.elu", "torch.nn.functional.elu_")


def read(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Use:
    return Use("elu", {"x": input}, {"alpha": alpha})


def forward(x: Array, alpha: float) -> Array:
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0 * x)))


def d_x(dy: Array, x: Array, alpha: float) -> Array:
    return np.where(x > 0, dy, dy * alpha * np.exp(np.minimum(x, 0 * x)))


def tensors(x: Tensor, alpha: float) -> Tensor:
    return F.elu(x, alpha)


def trial(pick: Pick) -> Call:
    return F.elu, (pick.normal(pick(1, 4), pick(1, 5)), pick.choice([1.0, 0.5])), {}
