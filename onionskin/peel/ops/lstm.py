"""LSTM over sequences (t, n, i), in one layer or several, forwards or both ways: (t, n, h), and how its memory ends.

Of the four quarters of its weights' rows the first makes the input gate, then come the forget gate, the new content and
the output gate: PyTorch's order. Sources: Hochreiter & Schmidhuber (1997), "Long short-term memory"; for the forget
gate Gers et al. (2000).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from onionskin.errors import OnionskinError
from onionskin.peel.ops import Array
from onionskin.peel.ops._recurrent import refuse_special, trial_of
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "a memory with gates that let in, keep and show, one time after the other"
FORMULA = (
    r"\left(i, f, o\right) = \sigma(z_{i,f,o}), \; g = \tanh(z_g), \quad z = W_{ih} x_t + W_{hh} h_{t-1} + b, \qquad "
    r"c_t = f \odot c_{t-1} + i \odot g, \quad h_t = o \odot \tanh(c_t)"
)
SPELLINGS = ("torch.nn.LSTM", "torch._VF.lstm")
OUTPUTS = ("y", "h", "c")
SAVES = ("kept",)
GRADIENTS = ("x", "h0", "c0", "weights")


def read(
    input: Tensor,
    hx: Any,
    weights: Any,
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool = False,
) -> Use:
    refuse_special(weights, hx, dropout if train and num_layers > 1 else 0.0)
    h0, c0 = hx
    if h0.shape != c0.shape:
        raise OnionskinError(
            f"projects the {c0.shape[-1]} entries of its memory to {h0.shape[-1]}",
            fix="make the nn.LSTM without proj_size, and put an nn.Linear behind it",
        )
    operands = {"x": input, "h0": h0, "c0": c0, "weights": list(weights)}
    settings = {
        "layers": num_layers,
        "ways": 1 + bidirectional,
        "bidirectional": bidirectional,
        "has_biases": has_biases,
        "batch_first": batch_first,
    }
    return Use("lstm", operands, settings)


def forward(x: Array, h0: Array, c0: Array, weights: Array, layers: int, ways: int, batch_first: bool) -> Array:
    """Every layer reads what the one below says; of two ways, the second reads from the end."""
    y = x.swapaxes(0, 1) if batch_first else x
    if layers * ways == 1:
        out, h_end, c_end, seen = _lstm_layer(y, h0[0], c0[0], weights, False)
        h, c, kept = h_end[None], c_end[None], [(y, seen)]
        y = out
    else:
        h, c, kept = np.zeros_like(h0), np.zeros_like(c0), []
        each = len(weights) // (layers * ways)
        for layer in range(layers):
            said = []
            for way in range(ways):
                at = layer * ways + way
                own = weights[at * each : (at + 1) * each]
                out, h[at], c[at], seen = _lstm_layer(y, h0[at], c0[at], own, way == 1)
                said.append(out)
                kept.append((y, seen))
            y = np.concatenate(said, axis=2)
    if batch_first:
        y = y.swapaxes(0, 1)
    return y, h, c, kept


def backward(
    dy: Array,
    dh: Array,
    dc: Array,
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
    dc_end = np.zeros_like(h0) if dc is None else dc
    if batch_first:
        dout = dout.swapaxes(0, 1)
    if layers * ways == 1:
        ends = dh_end[0], dc_end[0]
        dx, dh_0, dc_0, dweights = _lstm_layer_backward(weights, dout, *ends, *kept[0])
        dh0, dc0 = dh_0[None], dc_0[None]
    else:
        dh0, dc0, dweights = np.zeros_like(h0), np.zeros_like(h0), []
        each = len(weights) // (layers * ways)
        size = h0.shape[2]
        dx = dout
        for layer in reversed(range(layers)):
            dsaid, dx = dx, 0
            for way in reversed(range(ways)):
                at = layer * ways + way
                own = weights[at * each : (at + 1) * each]
                dout = dsaid[:, :, way * size : (way + 1) * size]
                ends = dh_end[at], dc_end[at]
                down, dh0[at], dc0[at], dw = _lstm_layer_backward(own, dout, *ends, *kept[at])
                dx = dx + down
                dweights = dw + dweights
    if batch_first:
        dx = dx.swapaxes(0, 1)
    return dx, dh0, dc0, dweights


def _lstm_layer(x: Array, h: Array, c: Array, weights: Array, from_end: bool) -> Array:
    """i, f, o = sigmoid, g = tanh of x W_ih^T + h W_hh^T + b; c = f c + i g; h = o tanh(c)."""
    w_ih, w_hh, *biases = weights
    z_x = x @ w_ih.T + sum(biases)  # for all times at once, as it does not depend on h
    y = np.empty((*x.shape[:2], w_hh.shape[1]), dtype=x.dtype)
    times = range(len(x))
    seen = []
    for t in reversed(times) if from_end else times:
        z = z_x[t] + h @ w_hh.T
        i, f, g, o = z.reshape(len(z), 4, -1).swapaxes(0, 1)
        i, f, g, o = _sigmoid(i), _sigmoid(f), np.tanh(g), _sigmoid(o)
        before = h, c
        c = f * c + i * g
        shown = np.tanh(c)
        h = o * shown
        y[t] = h
        seen.append((t, *before, i, f, g, o, shown))
    return y, h, c, seen


def _lstm_layer_backward(weights: Array, dy: Array, dh: Array, dc: Array, x: Array, seen: Array) -> Array:
    """What a time says flows back with what the next time made of its h and c."""
    w_ih, w_hh, *biases = weights
    dz = np.empty((*x.shape[:2], len(w_ih)), dtype=x.dtype)
    dw_hh = np.zeros_like(w_hh)
    for t, h, c, i, f, g, o, shown in reversed(seen):
        dh = dh + dy[t]
        dc = dc + dh * o * (1 - shown**2)
        di, df, dg, do = dc * g, dc * c, dc * i, dh * shown
        # The slopes: s (1 - s) of the sigmoid, 1 - g^2 of the tanh.
        gates = [di * i * (1 - i), df * f * (1 - f), dg * (1 - g**2), do * o * (1 - o)]
        dz[t] = np.concatenate(gates, axis=1)
        dw_hh += dz[t].T @ h
        dh = dz[t] @ w_hh
        dc = dc * f
    flat = dz.reshape(-1, len(w_ih))
    dw_ih = flat.T @ x.reshape(len(flat), -1)
    dbiases = [flat.sum(axis=0) for _ in biases]
    return dz @ w_ih, dh, dc, [dw_ih, dw_hh, *dbiases]


def _sigmoid(z: Array) -> Array:
    return (1 + np.tanh(z / 2)) / 2  # 1 / (1 + e^-z), which never overflows so


def tensors(
    x: Tensor,
    h0: Tensor,
    c0: Tensor,
    weights: list[Tensor],
    layers: int,
    has_biases: bool,
    bidirectional: bool,
    batch_first: bool,
) -> tuple[Tensor, ...]:
    return torch.lstm(
        x,
        (h0, c0),
        weights,
        has_biases=has_biases,
        num_layers=layers,
        dropout=0.0,
        train=True,
        bidirectional=bidirectional,
        batch_first=batch_first,
    )


def trial(pick: Pick) -> Call:
    return trial_of(pick, torch.lstm, gates=4, states=2)
