"""The other readings of the textbook, as code that a program can be written with: what ``conventions.py`` warns of.

Each has the parameters of the function that it stands in for, and is right by somebody's book.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from onionskin.peel.ops import Array


def relu_at_zero(dy: Array, x: Array) -> Array:
    return dy * ((x > 0) + 0.5 * (x == 0))


def tie_to_all(dy: Array, x: Array, y: Array, kernel: Any, stride: Any, padding: Any) -> Array:
    """The gradient goes to every place that has the largest value."""
    dx = np.zeros_like(x)
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            dx[:, :, i :: stride[0], j :: stride[1]] += dy * (x[:, :, i :: stride[0], j :: stride[1]] == y)
    return dx


def sum_of_losses(dy: Array, p: Array, target: Array, reduction: str) -> Array:
    """What was given to each class, less what was asked for: (p - onehot(target))."""
    dx = p.copy()
    dx[np.arange(len(p)), target] -= 1
    return dx


def in_by_out(x: Array, weight: Array, bias: Array) -> Array:
    return x @ weight + bias


def unbiased_forward(
    x: Array,
    weight: Array,
    bias: Array,
    running_mean: Array,
    running_var: Array,
    momentum: float,
    eps: float,
    axes: Any,
) -> Array:
    """y = (x - mean) / sqrt(unbiased var + eps) * weight + bias."""
    mean = x.mean(axis=axes, keepdims=True)
    normal = x - mean
    variance = (normal * normal).sum(axis=axes, keepdims=True) / (x.size // mean.size - 1)
    scale = 1 / np.sqrt(variance + eps)
    normal *= scale
    running_mean += momentum * (mean.ravel() - running_mean)
    running_var += momentum * (variance.ravel() - running_var)
    return normal * weight.reshape(mean.shape) + bias.reshape(mean.shape), normal, scale


def biased_average(
    x: Array,
    weight: Array,
    bias: Array,
    running_mean: Array,
    running_var: Array,
    momentum: float,
    eps: float,
    axes: Any,
) -> Array:
    """y = (x - mean) / sqrt(var + eps) * weight + bias; the biased variance is remembered."""
    mean = x.mean(axis=axes, keepdims=True)
    normal = x - mean
    variance = (normal * normal).mean(axis=axes, keepdims=True)
    scale = 1 / np.sqrt(variance + eps)
    normal *= scale
    running_mean += momentum * (mean.ravel() - running_mean)
    running_var += momentum * (variance.ravel() - running_var)
    return normal * weight.reshape(mean.shape) + bias.reshape(mean.shape), normal, scale


def eps_beside_the_root(
    x: Array,
    weight: Array,
    bias: Array,
    running_mean: Array,
    running_var: Array,
    momentum: float,
    eps: float,
    axes: Any,
) -> Array:
    """y = (x - mean) / (sqrt(var) + eps) * weight + bias."""
    mean = x.mean(axis=axes, keepdims=True)
    normal = x - mean
    variance = (normal * normal).mean(axis=axes, keepdims=True)
    scale = 1 / (np.sqrt(variance) + eps)
    normal *= scale
    n = x.size // mean.size
    running_mean += momentum * (mean.ravel() - running_mean)
    running_var += momentum * (variance.ravel() * (n / (n - 1)) - running_var)
    return normal * weight.reshape(mean.shape) + bias.reshape(mean.shape), normal, scale


def eps_under_the_root(
    w: Array,
    g: Array,
    state: dict[str, Any],
    lr: float = 0.001,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
) -> None:
    """w -= lr m / sqrt(v + eps)."""
    if not state:
        state.update(t=0, m=np.zeros_like(w), v=np.zeros_like(w))
    state["t"] += 1
    state["m"] += (1 - betas[0]) * (g - state["m"])
    state["v"] += (1 - betas[1]) * (g * g - state["v"])
    m, v = state["m"] / (1 - betas[0] ** state["t"]), state["v"] / (1 - betas[1] ** state["t"])
    w -= lr * m / np.sqrt(v + eps)


def without_correction(
    w: Array,
    g: Array,
    state: dict[str, Any],
    lr: float = 0.001,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
) -> None:
    """w -= lr m / (sqrt(v) + eps), with averages that still remember that they began at 0."""
    if not state:
        state.update(m=np.zeros_like(w), v=np.zeros_like(w))
    state["m"] += (1 - betas[0]) * (g - state["m"])
    state["v"] += (1 - betas[1]) * (g * g - state["v"])
    w -= lr * state["m"] / (np.sqrt(state["v"]) + eps)


def tanh_form(x: Array) -> Array:
    """y = x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2."""
    below = 0.5 * (1 + np.tanh(0.7978845608028654 * (x + 0.044715 * x**3)))
    return x * below, below


def own_stream(x: Array, p: float) -> Array:
    """y = x * keep / (1 - p), with a mask from a stream of its own."""
    keep = (np.random.default_rng(1).random(x.shape) >= p) / (1 - p)
    return x * keep, keep


def rounded_rate(w: Array, g: Array, state: dict[str, Any], lr: float) -> None:
    w -= np.float32(lr) * g
