"""Leaky ReLU: what is negative passes too, but small.

At 0 itself the slope is the small one, as PyTorch takes it.

Paper: Maas, Hannun & Ng (2013), "Rectifier nonlinearities improve neural network acoustic models".
"""

from __future__ import annotations

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "what is negative becomes small instead of 0"
FORMULA = r"y = x \text{ if } x > 0 \text{ else } a x"
SPELLINGS = ("torch.nn.LeakyReLU", "torch.nn.functional.leaky_relu", "torch.nn.functional.leaky_relu_")


def read(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Use:
    return Use("leaky_relu", {"x": input}, {"slope": negative_slope})


def forward(x: Array, slope: float) -> Array:
    return np.where(x > 0, x, slope * x)


def d_x(dy: Array, x: Array, slope: float) -> Array:
    return np.where(x > 0, dy, slope * dy)


def tensors(x: Tensor, slope: float) -> Tensor:
    return F.leaky_relu(x, slope)


def trial(pick: Pick) -> Call:
    return F.leaky_relu, (pick.normal(pick(1, 4), pick(1, 5)), pick.choice([0.01, 0.25])), {}
