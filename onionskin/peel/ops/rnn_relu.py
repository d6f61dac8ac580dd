"""Elman's network with ReLU over sequences (t, n, i), in one layer or several, forwards or both ways: (t, n, h).

Source: Le, Jaitly & Hinton (2015), "A simple way to initialize recurrent networks of rectified linear units".
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.ops._recurrent import refuse_special, trial_of
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "a state made of the input and of the state before, with a ReLU"
FORMULA = (
    r"h_t = \max(0, W_{ih} x_t + b_{ih} + W_{hh} h_{t-1} + b_{hh}), \qquad "
    r"\frac{\partial L}{\partial z_t} = \frac{\partial L}{\partial h_t} \odot [h_t > 0]"
)
SPELLINGS = ("torch._VF.rnn_relu",)
OUTPUTS = ("y", "h")
SAVES = ("kept",)
GRADIENTS = ("x", "h0", "weights")


def read(
    input: Tensor,
    hx: Tensor,
    weights: Any,
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool = False,
) -> Use:
    refuse_special(weights, hx, dropout if train and num_layers > 1 else 0.0)
    operands = {"x": input, "h0": hx, "weights": list(weights)}
    settings = {
        "layers": num_layers,
        "ways": 1 + bidirectional,
        "bidirectional": bidirectional,
        "has_biases": has_biases,
        "batch_first": batch_first,
    }
    return Use("rnn_relu", operands, settings)


def forward(x: Array, h0: Array, weights: Array, layers: int, ways: int, batch_first: bool) -> Array:
    """Every layer reads what the one below says; of two ways, the second reads from the end."""
    y = x.swapaxes(0, 1) if batch_first else x
    if layers * ways == 1:
        out, h_end, seen = _relu_layer(y, h0[0], weights, False)
        h, kept = h_end[None], [(y, seen)]
        y = out
    else:
        h, kept = np.zeros_like(h0), []
        each = len(weights) // (layers * ways)
        for layer in range(layers):
            said = []
            for way in range(ways):
                at = layer * ways + way
                own = weights[at * each : (at + 1) * each]
                out, h[at], seen = _relu_layer(y, h0[at], own, way == 1)
                said.append(out)
                kept.append((y, seen))
            y = np.concatenate(said, axis=2)
    if batch_first:
        y = y.swapaxes(0, 1)
    return y, h, kept


def backward(
    dy: Array,
    dh: Array,
    h0: Array,
    y: Array,
    weights: Array,
    kept: Array,
    layers: int,
    ways: int,
    batch_first: bool,
) -> Array:
    """The chain rule from the last layer to the first, in each from the last time read."""
    dout = np.zeros_like(y) if dy is None else dy
    dh_end = np.zeros_like(h0) if dh is None else dh
    if batch_first:
        dout = dout.swapaxes(0, 1)
    if layers * ways == 1:
        dx, dh_0, dweights = _relu_layer_backward(weights, dout, dh_end[0], *kept[0])
        dh0 = dh_0[None]
    else:
        dh0, dweights = np.zeros_like(h0), []
        each = len(weights) // (layers * ways)
        size = h0.shape[2]
        dx = dout
        for layer in reversed(range(layers)):
            dsaid, dx = dx, 0
            for way in reversed(range(ways)):
                at = layer * ways + way
                own = weights[at * each : (at + 1) * each]
                dout = dsaid[:, :, way * size : (way + 1) * size]
                down, dh0[at], dw = _relu_layer_backward(own, dout, dh_end[at], *kept[at])
                dx = dx + down
                dweights = dw + dweights
    if batch_first:
        dx = dx.swapaxes(0, 1)
    return dx, dh0, dweights


def _relu_layer(x: Array, h: Array, weights: Array, from_end: bool) -> Array:
    """h = relu(x W_ih^T + h W_hh^T + b) at one time after the other."""
    w_ih, w_hh, *biases = weights
    a_x = x @ w_ih.T + sum(biases)  # for all times at once, as it does not depend on h
    y = np.empty((*x.shape[:2], len(w_hh)), dtype=x.dtype)
    times = range(len(x))
    seen = []
    for t in reversed(times) if from_end else times:
        before = h
        h = np.clip(a_x[t] + h @ w_hh.T, 0, None)
        y[t] = h
        seen.append((t, before, h))
    return y, h, seen


def _relu_layer_backward(weights: Array, dy: Array, dh: Array, x: Array, seen: Array) -> Array:
    """What a time says flows back with what the next time made of its h."""
    w_ih, w_hh, *biases = weights
    da = np.empty((*x.shape[:2], len(w_hh)), dtype=x.dtype)
    dw_hh = np.zeros_like(w_hh)
    for t, before, h in reversed(seen):
        da[t] = (dh + dy[t]) * (h > 0)
        dw_hh += da[t].T @ before
        dh = da[t] @ w_hh
    flat = da.reshape(-1, len(w_hh))
    dw_ih = flat.T @ x.reshape(len(flat), -1)
    dbiases = [flat.sum(axis=0) for _ in biases]
    return da @ w_ih, dh, [dw_ih, dw_hh, *dbiases]


def tensors(
    x: Tensor,
    h0: Tensor,
    weights: list[Tensor],
    layers: int,
    has_biases: bool,
    bidirectional: bool,
    batch_first: bool,
) -> tuple[Tensor, ...]:
    return torch.rnn_relu(
        x,
        h0,
        weights,
        has_biases=has_biases,
        num_layers=layers,
        dropout=0.0,
        train=True,
        bidirectional=bidirectional,
        batch_first=batch_first,
    )


def trial(pick: Pick) -> Call:
    return trial_of(pick, torch.rnn_relu, gates=1, states=1)
