"""SELU: an exponential below 0, scaled so that deep nets keep mean 0 and deviation 1.

Paper: Klambauer et al. (2017), "Self-normalizing neural networks".
"""

from __future__ import annotations

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "what is negative bends towards -1.758, what is positive is stretched a little"
FORMULA = r"y = 1.0507 \begin{cases} x & x > 0 \\ 1.6733\,(e^x - 1) & x \le 0 \end{cases}"
SPELLINGS = ("torch.nn.SELU", "torch.nn.functional.selu", "torch.selu", "torch.selu_", "torch.nn.functional.selu_")


def read(input: Tensor, inplace: bool = False) -> Use:
    return Use("selu", {"x": input})


def forward(x: Array) -> Array:
    return 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(np.clip(x, None, 0)))


def d_x(dy: Array, x: Array, y: Array) -> Array:
    return dy * np.where(x > 0, 1.0507009873554805, y + 1.7580993408473766)


def tensors(x: Tensor) -> Tensor:
    return F.selu(x)


def trial(pick: Pick) -> Call:
    return F.selu, (pick.normal(pick(1, 4), pick(1, 5)),), {}
