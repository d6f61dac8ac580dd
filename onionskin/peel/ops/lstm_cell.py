"""LSTM at one time: the next state (n, h) and memory (n, h) of an input (n, i) and those before.

Of the four quarters of its weights' rows the first makes the input gate, then come the forget gate, the new content and
the output gate: PyTorch's order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.ops._recurrent import trial_of_cell
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "a memory with gates that let in, keep and show"
FORMULA = (
    r"i, f, o = \sigma(z_{i,f,o}), \; g = \tanh(z_g), \quad z = W_{ih} x + W_{hh} h + b, \qquad "
    r"c' = f \odot c + i \odot g, \quad h' = o \odot \tanh(c')"
)
SPELLINGS = ("torch.nn.LSTMCell", "torch._VF.lstm_cell")
OUTPUTS = ("y", "c")
SAVES = ("gates", "shown")
GRADIENTS = ("x", "h", "c0", "w_ih", "w_hh", "b_ih", "b_hh")


def read(
    input: Tensor, hx: Any, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Use:
    h, c = hx
    given = {"x": input, "h": h, "c0": c, "w_ih": w_ih, "w_hh": w_hh, "b_ih": b_ih, "b_hh": b_hh}
    return Use("lstm_cell", given)


def forward(x: Array, h: Array, c0: Array, w_ih: Array, w_hh: Array, b_ih: Array, b_hh: Array) -> Array:
    """i, f, o = sigmoid, g = tanh of x W_ih^T + h W_hh^T + b; c = f c0 + i g; y = o tanh(c)."""
    z = x @ w_ih.T + h @ w_hh.T
    if b_ih is not None:
        z += b_ih + b_hh
    i, f, g, o = z.reshape(len(z), 4, -1).swapaxes(0, 1)
    # sigmoid(z) = (1 + tanh(z / 2)) / 2, which never overflows.
    i, f, o = (1 + np.tanh(i / 2)) / 2, (1 + np.tanh(f / 2)) / 2, (1 + np.tanh(o / 2)) / 2
    g = np.tanh(g)
    c = f * c0 + i * g
    shown = np.tanh(c)
    return o * shown, c, (i, f, g, o), shown


def backward(
    dy: Array, dc: Array, x: Array, h: Array, c0: Array, w_ih: Array, w_hh: Array, gates: Array, shown: Array
) -> Array:
    """dc = what comes back to c, and through y; from there to the gates and the c before."""
    i, f, g, o = gates
    dh = np.zeros_like(shown) if dy is None else dy
    dmemory = dh * o * (1 - shown**2)
    if dc is not None:
        dmemory = dmemory + dc
    di, df, dg, do = dmemory * g, dmemory * c0, dmemory * i, dh * shown
    # The slopes: s (1 - s) of the sigmoid, 1 - g^2 of the tanh.
    parts = [di * i * (1 - i), df * f * (1 - f), dg * (1 - g**2), do * o * (1 - o)]
    dz = np.concatenate(parts, axis=1)
    weights = dz.T @ x, dz.T @ h
    return dz @ w_ih, dz @ w_hh, dmemory * f, *weights, dz.sum(axis=0), dz.sum(axis=0)


def tensors(
    x: Tensor, h: Tensor, c0: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None, b_hh: Tensor | None
) -> tuple[Tensor, Tensor]:
    return torch.lstm_cell(x, (h, c0), w_ih, w_hh, b_ih, b_hh)


def trial(pick: Pick) -> Call:
    return trial_of_cell(torch.lstm_cell, pick, gates=4, states=2)
