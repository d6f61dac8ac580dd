"""Adagrad: each weight's steps get smaller by all the gradient that it has seen so far.

Source: Duchi, Hazan & Singer (2011), "Adaptive subgradient methods for online learning and stochastic optimization".
"""

from __future__ import annotations

from typing import Any

import numpy as np

from onionskin.peel.ops import Array
from onionskin.peel.trial import Pick

KIND = "optimizer"
SENTENCE = "every weight goes by its gradient, measured by all that it has seen so far"
FORMULA = r"s \leftarrow s + g^2, \qquad w \leftarrow w - \frac{\eta}{1 + (t - 1)\, d}\, \frac{g}{\sqrt{s} + \epsilon}"
SPELLINGS = ("torch.optim.Adagrad",)


def update(
    w: Array,
    g: Array,
    state: dict[str, Array],
    lr: float = 0.01,
    lr_decay: float = 0.0,
    weight_decay: float = 0.0,
    initial_accumulator_value: float = 0.0,
    eps: float = 1e-10,
) -> None:
    """s: the sum of g^2; w -= lr g / (sqrt(s) + eps)."""
    if not state:
        state.update(t=0, s=np.zeros_like(w))
        if initial_accumulator_value:
            state["s"] += initial_accumulator_value
    s = state["s"]
    if weight_decay:
        g = g + weight_decay * w
    s += g * g
    if lr_decay:
        w -= lr / (1 + state["t"] * lr_decay) * g / (np.sqrt(s) + eps)
        state["t"] += 1
    else:
        w -= lr * g / (np.sqrt(s) + eps)


def trial(pick: Pick) -> dict[str, Any]:
    return {
        "lr": pick.choice([0.125, 0.01]),
        "lr_decay": pick.choice([0.0, 0.125]),
        "weight_decay": pick.choice([0.0, 0.25]),
        "initial_accumulator_value": pick.choice([0.0, 0.5]),
        "eps": pick.choice([1e-10, 0.125]),
    }
