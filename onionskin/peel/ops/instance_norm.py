"""Instance normalisation: every channel of each example by itself, to mean 0 and deviation 1.

It is group normalisation with one channel a group, and is written as that.
Paper: Ulyanov, Vedaldi & Lempitsky (2016), "Instance normalization: the missing ingredient for fast stylization".
"""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.errors import OnionskinError
from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "each channel of an example is brought to mean 0 and deviation 1, then scaled"
FORMULA = r"y = \frac{x - \mu_{n,c}}{\sqrt{\sigma_{n,c}^2 + \epsilon}}\, \gamma_c + \beta_c"
SPELLINGS = (
    "torch.nn.InstanceNorm1d",
    "torch.nn.InstanceNorm2d",
    "torch.nn.functional.instance_norm",
    "torch.instance_norm",
)
SAVES = ("normal", "scale")
TORCH_SAVES = ("normal", "scale")
GRADIENTS = ("x", "weight", "bias")


def read(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Use:
    if running_mean is not None or not use_input_stats:
        raise OnionskinError("normalises with running statistics", fix="use track_running_stats=False")
    axes = tuple(range(2, input.ndim))
    operands = {"x": input, "weight": weight, "bias": bias}
    return Use("instance_norm", operands, {"eps": eps, "axes": axes, "shape": (-1, *(1 for _ in axes))})


def forward(x: Array, weight: Array, bias: Array, eps: float, axes: Any, shape: Any) -> Array:
    """y = (x - mean) / sqrt(var + eps) * weight + bias, over the places of each channel."""
    normal = x - x.mean(axis=axes, keepdims=True)
    scale = 1 / np.sqrt((normal * normal).mean(axis=axes, keepdims=True) + eps)
    normal = normal * scale
    y = normal if weight is None else normal * weight.reshape(*shape) + bias.reshape(*shape)
    return y, normal, scale


def backward(dy: Array, normal: Array, scale: Array, weight: Array, axes: Any, shape: Any) -> Array:
    """dx = scale * (dz - mean(dz) - n mean(dz n)), with dz = dy weight, n the normal x."""
    dweight = None if weight is None else (dy * normal).sum(axis=(0, *axes))
    dbias = None if weight is None else dy.sum(axis=(0, *axes))
    dz = dy if weight is None else dy * weight.reshape(*shape)
    along = (dz * normal).mean(axis=axes, keepdims=True)
    dx = scale * (dz - dz.mean(axis=axes, keepdims=True) - normal * along)
    return dx, dweight, dbias


def tensors(x: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float) -> Tensor:
    return F.instance_norm(x, weight=weight, bias=bias, eps=eps)


def trial(pick: Pick) -> Call:
    c = pick(1, 3)
    x = pick.normal(pick(1, 3), c, *pick.choice([(4,), (2, 3)]))
    weight, bias = (pick.normal(c), pick.normal(c)) if pick(0, 1) else (None, None)
    return F.instance_norm, (x, None, None, weight, bias), {}
