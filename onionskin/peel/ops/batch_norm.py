"""Batch normalisation: every channel over the batch, to mean 0 and deviation 1.

In the forward the variance is the biased one; the running average keeps the unbiased one. eps stands under the root.
Paper: Ioffe & Szegedy (2015), "Batch normalization: accelerating deep network training".
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

SENTENCE = "every channel over the whole batch, brought to mean 0 and deviation 1, then scaled"
FORMULA = r"y = \frac{x - \mu_c}{\sqrt{\sigma_c^2 + \epsilon}}\, \gamma_c + \beta_c"
SPELLINGS = ("torch.nn.BatchNorm1d", "torch.nn.BatchNorm2d", "torch.nn.functional.batch_norm")
SAVES = ("normal", "scale")
GRADIENTS = ("x", "weight", "bias")


def read(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Use:
    axes = (0, *range(2, input.ndim))
    shape = tuple(n if i == 1 else 1 for i, n in enumerate(input.shape))
    operands = {"x": input, "weight": weight, "bias": bias, "running_mean": running_mean, "running_var": running_var}
    if not training:
        return Use("batch_norm_eval", operands, {"eps": eps, "shape": shape, "axes": axes})
    return Use("batch_norm", operands, {"momentum": momentum, "eps": eps, "axes": axes})


def forward(
    x: Array,
    weight: Array,
    bias: Array,
    running_mean: Array,
    running_var: Array,
    momentum: float,
    eps: float,
    axes: tuple[int, ...],
) -> Array:
    """y = (x - mean) / sqrt(var + eps) * weight + bias, over the batch and all places."""
    mean = x.mean(axis=axes, keepdims=True)
    normal = x - mean
    variance = (normal * normal).mean(axis=axes, keepdims=True)
    scale = 1 / np.sqrt(variance + eps)
    normal *= scale
    if running_mean is not None:
        # What is remembered for later: a moving average, of the unbiased variance.
        n = x.size // mean.size
        running_mean += momentum * (mean.ravel() - running_mean)
        running_var += momentum * (variance.ravel() * (n / (n - 1)) - running_var)
    if weight is None:
        return normal, normal, scale
    y = normal * weight.reshape(mean.shape)
    if bias is not None:
        y += bias.reshape(mean.shape)
    return y, normal, scale


def backward(dy: Array, weight: Array, bias: Array, normal: Array, scale: Array, axes: tuple[int, ...]) -> Array:
    """dx = weight * scale * (dy - mean(dy) - n mean(dy n)), with n the normalised x."""
    d_bias = dy.sum(axis=axes, keepdims=True)
    d_weight = (dy * normal).sum(axis=axes, keepdims=True)
    count = dy.size // scale.size
    dx = normal * (d_weight / -count)
    dx += dy
    dx -= d_bias / count
    if weight is None:
        dx *= scale
        return dx, None, None
    dx *= scale * weight.reshape(scale.shape)
    if bias is None:
        return dx, d_weight.ravel(), None
    return dx, d_weight.ravel(), d_bias.ravel()


def torch_forward(
    x: Array,
    weight: Array,
    bias: Array,
    running_mean: Array,
    running_var: Array,
    momentum: float,
    eps: float,
    axes: tuple[int, ...],
) -> Any:
    """y = (x - mean) / sqrt(var + eps) * weight + bias, over the batch and all places."""
    mean = x.mean(dim=axes, keepdim=True)
    normal = x - mean
    variance = (normal * normal).mean(dim=axes, keepdim=True)
    scale = 1 / torch.sqrt(variance + eps)
    normal *= scale
    if running_mean is not None:
        # What is remembered for later: a moving average, of the unbiased variance.
        n = x.numel() // mean.numel()
        running_mean += momentum * (mean.ravel() - running_mean)
        running_var += momentum * (variance.ravel() * (n / (n - 1)) - running_var)
    if weight is None:
        return normal, normal, scale
    y = normal * weight.reshape(mean.shape)
    if bias is not None:
        y += bias.reshape(mean.shape)
    return y, normal, scale


def torch_backward(dy: Array, weight: Array, bias: Array, normal: Array, scale: Array, axes: tuple[int, ...]) -> Any:
    """dx = weight * scale * (dy - mean(dy) - n mean(dy n)), with n the normalised x."""
    d_bias = dy.sum(dim=axes, keepdim=True)
    d_weight = (dy * normal).sum(dim=axes, keepdim=True)
    count = dy.numel() // scale.numel()
    dx = (dy - d_bias / count - normal * (d_weight / count)) * scale
    if weight is None:
        return dx, None, None
    dx = dx * weight.reshape(scale.shape)
    if bias is None:
        return dx, d_weight.ravel(), None
    return dx, d_weight.ravel(), d_bias.ravel()


def tensors(
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    momentum: float,
    eps: float,
) -> Tensor:
    return F.batch_norm(x, running_mean, running_var, weight, bias, True, momentum, eps)


def trial(pick: Pick) -> Call:
    n, c = pick(2, 4), pick(1, 3)
    x = pick.normal(n, c, *pick.choice([(), (2, 3)]))
    known = pick.choice([True, False])
    mean, variance = (torch.zeros(c).double(), torch.ones(c).double()) if known else (None, None)
    weight, bias = (pick.normal(c), pick.normal(c)) if pick.choice([True, False]) else (None, None)
    return F.batch_norm, (x, mean, variance, weight, bias, True, 0.125, 1e-5), {}
