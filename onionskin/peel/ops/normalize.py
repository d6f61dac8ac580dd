"""Brings vectors to length 1."""

from __future__ import annotations

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.errors import OnionskinError
from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "each vector is divided by its length; what points along it has no effect"
FORMULA = (
    r"y = \frac{x}{\lVert x \rVert}, \qquad \frac{\partial L}{\partial x} = \frac{g - y\,(y \cdot g)}{\lVert x \rVert}"
)
SPELLINGS = ("torch.nn.functional.normalize",)
SAVES = ("length",)
TORCH_SAVES = ("length",)


def read(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: None = None) -> Use:
    if p != 2:
        raise OnionskinError(f"normalises with p={p}", fix="use p=2")
    return Use("normalize", {"x": input}, {"axis": dim, "eps": eps})


def forward(x: Array, axis: int, eps: float) -> Array:
    """y = x / |x|, and that length, which is taken as eps where it is less."""
    length = np.clip(np.sqrt((x * x).sum(axis=axis, keepdims=True)), eps, None)
    return x / length, length


def d_x(dy: Array, y: Array, length: Array, axis: int) -> Array:
    return (dy - y * (dy * y).sum(axis=axis, keepdims=True)) / length


def tensors(x: Tensor, axis: int, eps: float) -> Tensor:
    return F.normalize(x, dim=axis, eps=eps)


def trial(pick: Pick) -> Call:
    return F.normalize, (pick.normal(pick(1, 3), pick(2, 4)),), {"dim": pick.choice([0, 1, -1])}
