"""Group normalisation: groups of channels of each example by itself, to mean 0 and deviation 1.

With one channel a group it is instance normalisation. Paper: Wu & He (2018), "Group normalization".
"""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "each group of channels of an example is brought to mean 0 and deviation 1, then scaled"
FORMULA = r"y = \frac{x - \mu_{n,g}}{\sqrt{\sigma_{n,g}^2 + \epsilon}}\, \gamma_c + \beta_c"
SPELLINGS = ("torch.nn.GroupNorm", "torch.nn.functional.group_norm", "torch.group_norm")
SAVES = ("normal", "scale")
TORCH_SAVES = ("normal", "scale")
GRADIENTS = ("x", "weight", "bias")


def read(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Use:
    shape = (-1, *(1 for _ in input.shape[2:]))
    axes = (0, *range(2, input.ndim))
    operands = {"x": input, "weight": weight, "bias": bias}
    return Use("group_norm", operands, {"groups": num_groups, "eps": eps, "axes": axes, "shape": shape})


def forward(x: Array, weight: Array, bias: Array, groups: int, eps: float, shape: Any) -> Array:
    """y = (x - mean) / sqrt(var + eps) * weight + bias, over each group of an example."""
    grouped = x.reshape(len(x), groups, -1)
    normal = grouped - grouped.mean(axis=2, keepdims=True)
    scale = 1 / np.sqrt((normal * normal).mean(axis=2, keepdims=True) + eps)
    normal = (normal * scale).reshape(x.shape)
    y = normal if weight is None else normal * weight.reshape(*shape) + bias.reshape(*shape)
    return y, normal, scale


def backward(dy: Array, normal: Array, scale: Array, weight: Array, groups: int, axes: Any, shape: Any) -> Array:
    """dx = scale * (dz - mean(dz) - n mean(dz n)), with dz = dy weight, n the normal x."""
    dweight = None if weight is None else (dy * normal).sum(axis=axes)
    dbias = None if weight is None else dy.sum(axis=axes)
    dz = dy if weight is None else dy * weight.reshape(*shape)
    n = normal.reshape(len(dy), groups, -1)
    dz = dz.reshape(len(dy), groups, -1)
    along = (dz * n).mean(axis=2, keepdims=True)
    dx = scale * (dz - dz.mean(axis=2, keepdims=True) - n * along)
    return dx.reshape(dy.shape), dweight, dbias


def tensors(x: Tensor, weight: Tensor | None, bias: Tensor | None, groups: int, eps: float) -> Tensor:
    return F.group_norm(x, groups, weight, bias, eps)


def trial(pick: Pick) -> Call:
    groups, own = pick(1, 3), pick(1, 3)
    c = groups * own
    x = pick.normal(pick(1, 3), c, 2, pick(1, 3))
    weight, bias = (pick.normal(c), pick.normal(c)) if pick(0, 1) else (None, None)
    return F.group_norm, (x, groups, weight, bias, 1e-5), {}
