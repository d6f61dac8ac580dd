"""The same nets by hand in MyGrad and in HIPS autograd: arrays with gradients, as their documentation writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import autograd.numpy as anp
import mygrad as mg
import numpy as np
import numpy.typing as npt
from autograd import value_and_grad
from autograd.scipy.signal import convolve
from mygrad.nnet.activations import relu
from mygrad.nnet.layers import conv_nd, max_pool
from mygrad.nnet.losses import softmax_crossentropy

Arrays = Mapping[str, npt.NDArray[Any]]

RATE = 0.00390625


def mygrad_step(forward: Callable[..., Any], data: Arrays) -> Callable[[], float]:
    """Return a step of MyGrad's: forward, backward, and every weight moved."""
    w: dict[str, Any] = {name[2:]: mg.tensor(value.copy()) for name, value in data.items() if name.startswith("w/")}
    x, y = data["x"][0], data["targets"][0]

    def step() -> float:
        loss = softmax_crossentropy(forward(w, x), y)
        loss.backward()
        for weight in w.values():
            weight.data -= RATE * weight.grad
        return float(loss)

    return step


def mygrad_mlp(w: Mapping[str, Any], x: Any) -> Any:
    h = relu(x @ w["fc1.weight"].T + w["fc1.bias"])
    return h @ w["out.weight"].T + w["out.bias"]


def mygrad_cnn(w: Mapping[str, Any], x: Any) -> Any:
    for name in ("conv1", "conv2"):
        x = conv_nd(x, w[f"{name}.weight"], stride=1) + w[f"{name}.bias"].reshape(1, -1, 1, 1)
        x = relu(max_pool(x, (2, 2), 2))
    h = relu(x.reshape(len(x), -1) @ w["fc1.weight"].T + w["fc1.bias"])
    return h @ w["fc2.weight"].T + w["fc2.bias"]


def autograd_step(forward: Callable[..., Any], data: Arrays) -> Callable[[], float]:
    """Return a step of HIPS autograd's."""
    w = {name[2:]: value.copy() for name, value in data.items() if name.startswith("w/")}
    x, y = data["x"][0], data["targets"][0]

    def loss(weights: Any) -> Any:
        z = forward(weights, x)
        z = z - anp.max(z, axis=1, keepdims=True)
        return -anp.mean((z - anp.log(anp.sum(anp.exp(z), axis=1, keepdims=True)))[anp.arange(len(y)), y])

    both = value_and_grad(loss)

    def step() -> float:
        value, gradients = both(w)
        for name, weight in w.items():
            weight -= (RATE * gradients[name]).astype(weight.dtype)
        return float(value)

    return step


def autograd_mlp(w: Mapping[str, Any], x: Any) -> Any:
    h = anp.maximum(anp.dot(x, w["fc1.weight"].T) + w["fc1.bias"], 0)
    return anp.dot(h, w["out.weight"].T) + w["out.bias"]


def autograd_cnn(w: Mapping[str, Any], x: Any) -> Any:
    for name in ("conv1", "conv2"):
        flipped = w[f"{name}.weight"][:, :, ::-1, ::-1]  # a convolution turns its kernel, a layer does not
        x = convolve(x, flipped, axes=([2, 3], [2, 3]), dot_axes=([1], [1]), mode="valid")
        x = x + w[f"{name}.bias"].reshape(1, -1, 1, 1)
        n, c, h, v = x.shape
        x = anp.max(anp.max(x.reshape(n, c, h // 2, 2, v // 2, 2), axis=5), axis=3)
        x = anp.maximum(x, 0)
    h = anp.maximum(anp.dot(x.reshape(len(x), -1), w["fc1.weight"].T) + w["fc1.bias"], 0)
    return anp.dot(h, w["fc2.weight"].T) + w["fc2.bias"]


def check(steps: Mapping[str, Callable[[], float]]) -> None:
    """Raise RuntimeError unless all peers give the same first losses: they are measured on the same work."""
    losses = {name: [step() for _ in range(3)] for name, step in steps.items()}
    first = next(iter(losses.values()))
    for name, found in losses.items():
        if not np.allclose(found, first, rtol=1e-4):
            raise RuntimeError(f"{name} gives other losses: {found} against {first}")
