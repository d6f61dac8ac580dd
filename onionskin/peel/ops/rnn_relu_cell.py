"""Elman's network with ReLU at one time: the next state (n, h) of an input (n, i) and the state before."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.ops import Array
from onionskin.peel.ops._recurrent import trial_of_cell
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "a state made of the input and of the state before, with a ReLU"
FORMULA = r"h' = \max(0, W_{ih} x + b_{ih} + W_{hh} h + b_{hh})"
SPELLINGS = ("torch._VF.rnn_relu_cell",)
GRADIENTS = ("x", "h", "w_ih", "w_hh", "b_ih", "b_hh")


def read(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Use:
    return Use("rnn_relu_cell", {"x": input, "h": hx, "w_ih": w_ih, "w_hh": w_hh, "b_ih": b_ih, "b_hh": b_hh})


def forward(x: Array, h: Array, w_ih: Array, w_hh: Array, b_ih: Array, b_hh: Array) -> Array:
    return np.clip(x @ w_ih.T + b_ih + h @ w_hh.T + b_hh, 0, None)


def backward(dy: Array, x: Array, h: Array, y: Array, w_ih: Array, w_hh: Array) -> Array:
    """dz = dy [y > 0]; the rest is products."""
    dz = dy * (y > 0)
    return dz @ w_ih, dz @ w_hh, dz.T @ x, dz.T @ h, dz.sum(axis=0), dz.sum(axis=0)


def tensors(x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None, b_hh: Tensor | None) -> Tensor:
    return torch.rnn_relu_cell(x, h, w_ih, w_hh, b_ih, b_hh)


def trial(pick: Pick) -> Call:
    return trial_of_cell(torch.rnn_relu_cell, pick, gates=1, states=1)
