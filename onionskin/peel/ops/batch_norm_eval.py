"""Batch normalisation with what was remembered, as a model in eval mode has it: a scale and a shift."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.trial import Call, Pick

SENTENCE = "scaled and shifted by the averages that training left"
FORMULA = (
    r"y = \frac{x - \mu_c}{\sqrt{\sigma_c^2 + \epsilon}}\, \gamma_c + \beta_c \text{ with remembered } "
    r"\mu, \sigma"
)
SAVES = ("normal", "scale")
GRADIENTS = ("x", "weight", "bias")


def forward(
    x: Array,
    weight: Array,
    bias: Array,
    running_mean: Array,
    running_var: Array,
    eps: float,
    shape: tuple[int, ...],
) -> Array:
    """y = (x - mean) / sqrt(var + eps) * weight + bias, with what training left."""
    scale = (1 / np.sqrt(running_var + eps)).reshape(shape)
    normal = (x - running_mean.reshape(shape)) * scale
    if weight is None:
        return normal, normal, scale
    y = normal * weight.reshape(shape)
    if bias is not None:
        y += bias.reshape(shape)
    return y, normal, scale


def backward(dy: Array, weight: Array, bias: Array, normal: Array, scale: Array, axes: Any) -> Array:
    """dx = dy * weight * scale: what was remembered does not change with x."""
    if weight is None:
        return dy * scale, None, None
    dx = dy * (scale * weight.reshape(scale.shape))
    d_weight = (dy * normal).sum(axis=axes)
    if bias is None:
        return dx, d_weight, None
    return dx, d_weight, dy.sum(axis=axes)


def tensors(
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    eps: float,
) -> Tensor:
    return F.batch_norm(x, running_mean, running_var, weight, bias, False, 0.0, eps)


def trial(pick: Pick) -> Call:
    n, c = pick(1, 4), pick(1, 3)
    x = pick.normal(n, c, *pick.choice([(), (2, 3)]))
    mean, variance = torch.full((c,), 0.25).double(), torch.full((c,), 1.5).double()
    weight, bias = (pick.normal(c), pick.normal(c)) if pick.choice([True, False]) else (None, None)
    return F.batch_norm, (x, mean, variance, weight, bias, False, 0.125, 1e-5), {}
