"""Mish: a value times the tanh of its softplus. Paper: Misra (2019), "Mish: a self regularized activation"."""

from __future__ import annotations

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "like SiLU: passes what is positive, and lets a little of what is below 0 through"
FORMULA = r"y = x \tanh \ln(1 + e^x)"
SPELLINGS = ("torch.nn.Mish", "torch.nn.functional.mish")
SAVES = ("share",)
TORCH_SAVES = ("share",)


def read(input: Tensor, inplace: bool = False) -> Use:
    return Use("mish", {"x": input})


def forward(x: Array) -> Array:
    """y = x tanh(softplus(x)), and that tanh; no exponential overflows."""
    share = np.tanh(np.log1p(np.exp(-np.abs(x))) + np.clip(x, 0, None))
    return x * share, share


def d_x(dy: Array, x: Array, share: Array) -> Array:
    """dy = tanh + x (1 - tanh^2) sigmoid(x)."""
    sigmoid = 0.5 + 0.5 * np.tanh(0.5 * x)
    return dy * (share + x * (1 - share * share) * sigmoid)


def tensors(x: Tensor) -> Tensor:
    return F.mish(x)


def trial(pick: Pick) -> Call:
    return F.mish, (pick.normal(pick(1, 4), pick(1, 5)),), {}
