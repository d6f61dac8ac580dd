"""Cosine of the angle between two vectors of the same length, along an axis."""

from __future__ import annotations

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.errors import OnionskinError
from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "how far two vectors point the same way: 1 if they do, 0 at right angles"
FORMULA = r"y = \frac{a \cdot b}{\lVert a \rVert \lVert b \rVert}"
SPELLINGS = ("torch.nn.CosineSimilarity", "torch.nn.functional.cosine_similarity", "torch.cosine_similarity")
SAVES = ("length_a", "length_b")
TORCH_SAVES = ("length_a", "length_b")


def read(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Use:
    if x1.shape != x2.shape:
        raise OnionskinError(
            f"compares vectors of shapes {tuple(x1.shape)} and {tuple(x2.shape)}",
            fix="give both the same shape; for all pairs, normalize both and multiply: a @ b.T",
        )
    return Use("cosine_similarity", {"a": x1, "b": x2}, {"axis": dim, "eps": eps})


def forward(a: Array, b: Array, axis: int, eps: float) -> Array:
    """y = a . b / (|a| |b|), and both lengths, which are taken as eps where they are less."""
    length_a = np.clip(np.sqrt((a * a).sum(axis=axis, keepdims=True)), eps, None)
    length_b = np.clip(np.sqrt((b * b).sum(axis=axis, keepdims=True)), eps, None)
    y = (a / length_a * (b / length_b)).sum(axis=axis)
    return y, length_a, length_b


def d_a(dy: Array, a: Array, b: Array, y: Array, length_a: Array, length_b: Array) -> Array:
    return dy.reshape(length_a.shape) * (b / length_b - y.reshape(length_a.shape) * a / length_a) / length_a


def d_b(dy: Array, a: Array, b: Array, y: Array, length_a: Array, length_b: Array) -> Array:
    return dy.reshape(length_a.shape) * (a / length_a - y.reshape(length_a.shape) * b / length_b) / length_b


def tensors(a: Tensor, b: Tensor, axis: int, eps: float) -> Tensor:
    return F.cosine_similarity(a, b, dim=axis, eps=eps)


def trial(pick: Pick) -> Call:
    shape = pick(1, 3), pick(2, 4)
    return F.cosine_similarity, (pick.normal(*shape), pick.normal(*shape)), {"dim": pick.choice([0, 1, -1])}
