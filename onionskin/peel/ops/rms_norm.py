"""RMS normalisation: each row divided by its root mean square. Nothing is taken away, as LayerNorm takes the mean.

Paper: Zhang & Sennrich (2019), "Root mean square layer normalization".
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

SENTENCE = "each row is divided by its root mean square, then scaled"
FORMULA = r"y = \frac{x}{\sqrt{\frac1d \sum_i x_i^2 + \epsilon}}\, \gamma"
SPELLINGS = ("torch.nn.RMSNorm", "torch.nn.functional.rms_norm", "torch.rms_norm")
SAVES = ("normal", "scale")
TORCH_SAVES = ("normal", "scale")
GRADIENTS = ("x", "weight")


def read(input: Tensor, normalized_shape: Any, weight: Tensor | None = None, eps: float | None = None) -> Use:
    eps = torch.finfo(input.dtype).eps if eps is None else eps
    rest = tuple(range(input.ndim - len(normalized_shape)))
    axes = -1 if len(rest) == input.ndim - 1 else tuple(range(len(rest), input.ndim))
    return Use(
        "rms_norm",
        {"x": input, "weight": weight},
        {"eps": eps, "axes": axes, "rest": rest, "size": tuple(normalized_shape)},
    )


def forward(x: Array, weight: Array, eps: float, axes: Any) -> Array:
    """y = x / sqrt(mean(x^2) + eps) * weight."""
    scale = 1 / np.sqrt((x * x).mean(axis=axes, keepdims=True) + eps)
    normal = x * scale
    return normal if weight is None else normal * weight, normal, scale


def backward(dy: Array, normal: Array, scale: Array, weight: Array, axes: Any, rest: Any) -> Array:
    """dx = scale * (dz - n mean(dz n)), with dz = dy weight and n the normalised x."""
    dweight = None if weight is None else (dy * normal).sum(axis=rest)
    dz = dy if weight is None else dy * weight
    return scale * (dz - normal * (dz * normal).mean(axis=axes, keepdims=True)), dweight


def tensors(x: Tensor, weight: Tensor | None, eps: float, size: Any) -> Tensor:
    return F.rms_norm(x, size, weight, eps)


def trial(pick: Pick) -> Call:
    x = pick.normal(pick(1, 3), pick(1, 3), pick(2, 4))
    shape = x.shape[pick(1, 2) :]
    weight = pick.normal(*shape) if pick(0, 1) else None
    return F.rms_norm, (x, tuple(shape), weight, pick.choice([None, 1e-5])), {}
