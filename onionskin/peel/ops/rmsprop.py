"""RMSprop: each weight's step is measured by the size that its gradient has had of late.

Source: Hinton (2012), lecture 6e of "Neural networks for machine learning"; centered: Graves (2013), "Generating
sequences with recurrent neural networks". As in PyTorch, eps is added after the root.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from onionskin.peel.ops import Array
from onionskin.peel.trial import Pick

KIND = "optimizer"
SENTENCE = "every weight goes by its gradient, measured by the size it has had of late"
FORMULA = (
    r"v \leftarrow \alpha v + (1-\alpha)\, g^2, \qquad "
    r"w \leftarrow w - \eta\, \frac{g}{\sqrt{v} + \epsilon}"
)
SPELLINGS = ("torch.optim.RMSprop",)


def update(
    w: Array,
    g: Array,
    state: dict[str, Array],
    lr: float = 0.01,
    alpha: float = 0.99,
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    momentum: float = 0.0,
    centered: bool = False,
) -> None:
    """v: the average of g^2; w -= lr g / (sqrt(v) + eps)."""
    if not state:
        state.update(v=np.zeros_like(w))
        if centered:
            state.update(mean=np.zeros_like(w))
        if momentum:
            state.update(b=np.zeros_like(w))
    v = state["v"]
    if weight_decay:
        g = g + weight_decay * w
    v *= alpha
    v += (1 - alpha) * g * g
    if centered:  # by the variance of the gradient, which is what is left of its square without its mean
        mean = state["mean"]
        mean += (1 - alpha) * (g - mean)
        scale = np.sqrt(v - mean * mean) + eps
    else:
        scale = np.sqrt(v) + eps
    if momentum:
        b = state["b"]
        b *= momentum
        b += g / scale
        w -= lr * b
    else:
        w -= lr * g / scale


def trial(pick: Pick) -> dict[str, Any]:
    return {
        "lr": pick.choice([0.125, 0.01]),
        "alpha": pick.choice([0.99, 0.5]),
        "eps": pick.choice([1e-8, 0.125]),
        "weight_decay": pick.choice([0.0, 0.25]),
        "momentum": pick.choice([0.0, 0.5]),
        "centered": pick.choice([False, True]),
    }
