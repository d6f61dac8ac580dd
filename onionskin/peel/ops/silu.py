"""SiLU, also called swish: the value times its own sigmoid.

Paper: Elfwing, Uchibe & Doya (2017), "Sigmoid-weighted linear units for neural network function approximation".
"""

from __future__ import annotations

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "the value times its own sigmoid: a ReLU with a soft knee"
FORMULA = r"y = x\, \sigma(x), \qquad \frac{\partial y}{\partial x} = \sigma(x)\, (1 + x\, (1 - \sigma(x)))"
SPELLINGS = ("torch.nn.SiLU", "torch.nn.functional.silu")
SAVES = ("gate",)


def read(input: Tensor, inplace: bool = False) -> Use:
    return Use("silu", {"x": input})


def forward(x: Array) -> Array:
    """y = x / (1 + exp(-x)), and the sigmoid of x."""
    gate = 0.5 * (1 + np.tanh(0.5 * x))
    return x * gate, gate


def d_x(dy: Array, x: Array, gate: Array) -> Array:
    return dy * gate * (1 + x * (1 - gate))


def tensors(x: Tensor) -> Tensor:
    return F.silu(x)


def trial(pick: Pick) -> Call:
    return F.silu, (pick.normal(pick(1, 4), pick(1, 5)),), {}
