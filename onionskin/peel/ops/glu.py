"""Gated linear unit: one half of the channels says how much of the other half passes.

Paper: Dauphin et al. (2017), "Language modeling with gated convolutional networks".
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "one half says, between 0 and 1, how much of the other half passes"
FORMULA = r"y = a \odot \sigma(b), \qquad x = [a; b]"
SPELLINGS = ("torch.nn.GLU", "torch.nn.functional.glu")
SAVES = ("gate",)
TORCH_SAVES = ("gate",)


def read(input: Tensor, dim: int = -1) -> Use:
    return Use("glu", {"x": input}, {"axis": dim})


def forward(x: Array, axis: int) -> Array:
    """y = a sigmoid(b), with a the first half and b the second, and that gate."""
    a, b = np.split(x, 2, axis=axis)
    gate = 0.5 + 0.5 * np.tanh(0.5 * b)
    return a * gate, gate


def d_x(dy: Array, y: Array, gate: Array, axis: int) -> Array:
    return np.concatenate([dy * gate, dy * y * (1 - gate)], axis=axis)


def torch_forward(x: Tensor, axis: int) -> Any:
    """y = a sigmoid(b), with a the first half and b the second, and that gate."""
    a, b = x.chunk(2, dim=axis)
    gate = torch.sigmoid(b)
    return a * gate, gate


def tensors(x: Tensor, axis: int) -> Tensor:
    return F.glu(x, axis)


def trial(pick: Pick) -> Call:
    return F.glu, (pick.normal(2, 2 * pick(1, 2), 2 * pick(1, 3)),), {"dim": pick.choice([1, -1])}
