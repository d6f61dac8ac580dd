"""GELU: a value times the probability that a normal number is smaller.

The tanh form is another function (``gelu_tanh.py``): they differ by up to 5e-4, which is more than enough to part two
curves. Paper: Hendrycks & Gimpel (2016), "Gaussian error linear units (GELUs)".
"""

from __future__ import annotations

import math

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.arithmetic.scalar import Scalars
from onionskin.peel.ops import Array
from onionskin.peel.ops.erf import erf
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "passes what is positive and lets a little of what is just below 0 through"
FORMULA = r"y = x\, \Phi(x) = \frac{x}{2} \left(1 + \operatorname{erf}\frac{x}{\sqrt2}\right)"
SPELLINGS = ("torch.nn.GELU", "torch.nn.functional.gelu")
SAVES = ("below",)


def read(input: Tensor, approximate: str = "none") -> Use:
    return Use("gelu_tanh" if approximate == "tanh" else "gelu", {"x": input})


def forward(x: Array) -> Array:
    """y = x Phi(x), with Phi(x) = (1 + erf(x / sqrt(2))) / 2, and that Phi."""
    below = 0.5 * (1 + erf(x * 0.7071067811865476))
    return x * below, below


def d_x(dy: Array, x: Array, below: Array) -> Array:
    """Phi(x) + x phi(x), with the bell curve phi(x) = exp(-x^2 / 2) / sqrt(2 pi)."""
    return dy * (below + x * np.exp(-0.5 * x * x) * 0.3989422804014327)


def tensors(x: Tensor) -> Tensor:
    return F.gelu(x)


def scalars(s: Scalars, x: Array) -> Array:
    return x * 0.5 * np.frompyfunc(lambda z: 1 + s.call("erf", z / math.sqrt(2)), 1, 1)(x)


def trial(pick: Pick) -> Call:
    return F.gelu, (pick.normal(pick(1, 4), pick(1, 5)),), {}
