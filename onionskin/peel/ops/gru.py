"""GRU over sequences (t, n, i), in one layer or several, forwards or both ways: (t, n, h), and how its state ends.

Of the three thirds of its weights' rows the first makes the reset gate, then come the update gate and the new content:
PyTorch's order. As in PyTorch, and unlike the paper, the reset gate is applied after the product with W_hh, so that the
new content needs both biases. Source: Cho et al. (2014), "Learning phrase representations using RNN encoder-decoder for
statistical machine translation".
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

SENTENCE = "a state with gates for what is replaced and what is asked, one time after the other"
FORMULA = (
    r"r, z = \sigma(\dots), \quad n = \tanh\left(W_n x_t + b_n + r \odot (U_n h_{t-1} + c_n)\right), \qquad "
    r"h_t = (1 - z) \odot n + z \odot h_{t-1}"
)
SPELLINGS = ("torch.nn.GRU", "torch._VF.gru")
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
    return Use("gru", operands, settings)


def forward(x: Array, h0: Array, weights: Array, layers: int, ways: int, batch_first: bool) -> Array:
    """Every layer reads what the one below says; of two ways, the second reads from the end."""
    y = x.swapaxes(0, 1) if batch_first else x
    if layers * ways == 1:
        out, h_end, seen = _gru_layer(y, h0[0], weights, False)
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
                out, h[at], seen = _gru_layer(y, h0[at], own, way == 1)
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
        dx, dh_0, dweights = _gru_layer_backward(weights, dout, dh_end[0], *kept[0])
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
                down, dh0[at], dw = _gru_layer_backward(own, dout, dh_end[at], *kept[at])
                dx = dx + down
                dweights = dw + dweights
    if batch_first:
        dx = dx.swapaxes(0, 1)
    return dx, dh0, dweights


def _gru_layer(x: Array, h: Array, weights: Array, from_end: bool) -> Array:
    """r, z = sigmoid; n = tanh(x's share + r times h's share); h = (1 - z) n + z h."""
    w_ih, w_hh, *biases = weights
    b_ih, b_hh = biases or (0, 0)
    a_x = x @ w_ih.T + b_ih  # for all times at once, as it does not depend on h
    y = np.empty((*x.shape[:2], w_hh.shape[1]), dtype=x.dtype)
    times = range(len(x))
    seen = []
    for t in reversed(times) if from_end else times:
        x_r, x_z, x_n = a_x[t].reshape(len(h), 3, -1).swapaxes(0, 1)
        h_r, h_z, h_n = (h @ w_hh.T + b_hh).reshape(len(h), 3, -1).swapaxes(0, 1)
        r, z = _sigmoid(x_r + h_r), _sigmoid(x_z + h_z)
        n = np.tanh(x_n + r * h_n)
        seen.append((t, h, r, z, n, h_n))
        h = (1 - z) * n + z * h
        y[t] = h
    return y, h, seen


def _gru_layer_backward(weights: Array, dy: Array, dh: Array, x: Array, seen: Array) -> Array:
    """What a time says flows back with what the next time made of its h."""
    w_ih, w_hh, *biases = weights
    da_x = np.empty((*x.shape[:2], len(w_ih)), dtype=x.dtype)
    da_h = np.empty_like(da_x)
    dw_hh = np.zeros_like(w_hh)
    for t, h, r, z, n, h_n in reversed(seen):
        dh = dh + dy[t]
        # The slopes: 1 - n^2 of the tanh, s (1 - s) of the sigmoid.
        dn = dh * (1 - z) * (1 - n**2)
        dr = dn * h_n * r * (1 - r)
        dz = dh * (h - n) * z * (1 - z)
        da_x[t] = np.concatenate([dr, dz, dn], axis=1)
        da_h[t] = np.concatenate([dr, dz, dn * r], axis=1)
        dw_hh += da_h[t].T @ h
        dh = dh * z + da_h[t] @ w_hh
    dw_ih = da_x.reshape(-1, len(w_ih)).T @ x.reshape(-1, x.shape[2])
    dbiases = [da_x.sum(axis=(0, 1)), da_h.sum(axis=(0, 1))] if biases else []
    return da_x @ w_ih, dh, [dw_ih, dw_hh, *dbiases]


def _sigmoid(z: Array) -> Array:
    return (1 + np.tanh(z / 2)) / 2  # 1 / (1 + e^-z), which never overflows so


def tensors(
    x: Tensor,
    h0: Tensor,
    weights: list[Tensor],
    layers: int,
    has_biases: bool,
    bidirectional: bool,
    batch_first: bool,
) -> tuple[Tensor, ...]:
    return torch.gru(
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
    return trial_of(pick, torch.gru, gates=3, states=1)
