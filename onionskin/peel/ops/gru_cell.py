"""GRU at one time: the next state (n, h) of an input (n, i) and the state before.

Of the three thirds of its weights' rows the first makes the reset gate, then come the update gate and the new content.
The reset gate is applied after the product with W_hh, as in PyTorch and unlike the paper.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.ops._recurrent import trial_of_cell
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "a state with gates for what is replaced and what is asked"
FORMULA = (
    r"r, z = \sigma(\dots), \quad n = \tanh\left(W_n x + b_n + r \odot (U_n h + c_n)\right), \qquad "
    r"h' = (1 - z) \odot n + z \odot h"
)
SPELLINGS = ("torch.nn.GRUCell", "torch._VF.gru_cell")
SAVES = ("r", "z", "n", "h_n")
GRADIENTS = ("x", "h", "w_ih", "w_hh", "b_ih", "b_hh")


def read(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Use:
    return Use("gru_cell", {"x": input, "h": hx, "w_ih": w_ih, "w_hh": w_hh, "b_ih": b_ih, "b_hh": b_hh})


def forward(x: Array, h: Array, w_ih: Array, w_hh: Array, b_ih: Array, b_hh: Array) -> Array:
    """r, z = sigmoid; n = tanh(x's share + r times h's share); y = (1 - z) n + z h."""
    a_x, a_h = x @ w_ih.T, h @ w_hh.T
    if b_ih is not None:
        a_x, a_h = a_x + b_ih, a_h + b_hh
    x_r, x_z, x_n = a_x.reshape(len(h), 3, -1).swapaxes(0, 1)
    h_r, h_z, h_n = a_h.reshape(len(h), 3, -1).swapaxes(0, 1)
    # sigmoid(a) = (1 + tanh(a / 2)) / 2, which never overflows.
    r = (1 + np.tanh((x_r + h_r) / 2)) / 2
    z = (1 + np.tanh((x_z + h_z) / 2)) / 2
    n = np.tanh(x_n + r * h_n)
    return (1 - z) * n + z * h, r, z, n, h_n


def backward(
    dy: Array, x: Array, h: Array, w_ih: Array, w_hh: Array, r: Array, z: Array, n: Array, h_n: Array
) -> Array:
    """The slopes are 1 - n^2 of the tanh and s (1 - s) of the sigmoid; the rest is products."""
    dn = dy * (1 - z) * (1 - n**2)
    dr = dn * h_n * r * (1 - r)
    dz = dy * (h - n) * z * (1 - z)
    da_x = np.concatenate([dr, dz, dn], axis=1)
    da_h = np.concatenate([dr, dz, dn * r], axis=1)
    dx, dh = da_x @ w_ih, dy * z + da_h @ w_hh
    return dx, dh, da_x.T @ x, da_h.T @ h, da_x.sum(axis=0), da_h.sum(axis=0)


def tensors(x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None, b_hh: Tensor | None) -> Tensor:
    return torch.gru_cell(x, h, w_ih, w_hh, b_ih, b_hh)


def trial(pick: Pick) -> Call:
    return trial_of_cell(torch.gru_cell, pick, gates=3, states=1)
