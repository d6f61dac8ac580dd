"""Layer normalisation: every example by itself, to mean 0 and deviation 1.

The variance is the biased one, and eps stands under the root.
Paper: Ba, Kiros & Hinton (2016), 'Layer normalization'.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.errors import OnionskinError
from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "every example by itself, brought to mean 0 and deviation 1, then scaled"
FORMULA = r"y = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}\, \gamma + \beta"
SPELLINGS = ("torch.nn.LayerNorm", "torch.nn.functional.layer_norm")
SAVES = ("normal", "scale")
GRADIENTS = ("x", "weight", "bias")


def read(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Use:
    if len(normalized_shape) != 1:
        raise OnionskinError(f"normalises over {len(normalized_shape)} axes", fix="flatten them first")
    return Use("layer_norm", {"x": input, "weight": weight, "bias": bias}, {"eps": eps})


def forward(x: Array, weight: Array, bias: Array, eps: float) -> Array:
    """y = (x - mean) / sqrt(var + eps) * weight + bias, over the last axis."""
    centered = x - x.mean(axis=-1, keepdims=True)
    scale = 1 / np.sqrt((centered * centered).mean(axis=-1, keepdims=True) + eps)
    normal = centered * scale
    if weight is None:
        return normal, normal, scale
    y = normal * weight
    if bias is not None:
        y += bias
    return y, normal, scale


def backward(dy: Array, weight: Array, bias: Array, normal: Array, scale: Array) -> Array:
    """dx = (dn - mean(dn) - n mean(dn n)) * scale, with n the normalised x."""
    dn = dy if weight is None else dy * weight
    along = (dn * normal).mean(axis=-1, keepdims=True)
    dx = (dn - dn.mean(axis=-1, keepdims=True) - normal * along) * scale
    if weight is None:
        return dx, None, None
    axes = tuple(range(dy.ndim - 1))
    d_weight = (dy * normal).sum(axis=axes)
    if bias is None:
        return dx, d_weight, None
    return dx, d_weight, dy.sum(axis=axes)


def tensors(x: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float) -> Tensor:
    return F.layer_norm(x, x.shape[-1:], weight, bias, eps)


def trial(pick: Pick) -> Call:
    n, d = pick(1, 4), pick(2, 5)
    weight, bias = pick.choice([(True, True), (True, False), (False, False)])
    return (
        F.layer_norm,
        (pick.normal(n, d), (d,), pick.normal(d) if weight else None, pick.normal(d) if bias else None),
        {},
    )
