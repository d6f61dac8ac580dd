"""Adamax: Adam that measures a gradient by the largest it has been of late instead of by the mean of its square.

Source: Kingma & Ba (2015), "Adam: a method for stochastic optimization", section 7.1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from onionskin.peel.ops import Array
from onionskin.peel.trial import Pick

KIND = "optimizer"
SENTENCE = "every weight goes by its average gradient, measured by the largest of late"
FORMULA = (
    r"m \leftarrow \beta_1 m + (1-\beta_1)\, g, \quad u \leftarrow \max(\beta_2 u, |g| + \epsilon), \qquad "
    r"w \leftarrow w - \frac{\eta}{1-\beta_1^t}\, \frac{m}{u}"
)
SPELLINGS = ("torch.optim.Adamax",)


def update(
    w: Array,
    g: Array,
    state: dict[str, Array],
    lr: float = 0.002,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
) -> None:
    """m: the average of g; u: the largest |g| of late; w -= lr m / u, without bias."""
    if not state:
        state.update(t=0, m=np.zeros_like(w), u=np.zeros_like(w))
    beta1, beta2 = betas
    state["t"] += 1
    t, m = state["t"], state["m"]
    if weight_decay:
        g = g + weight_decay * w
    m += (1 - beta1) * (g - m)
    u = state["u"] = np.maximum(beta2 * state["u"], np.abs(g) + eps)
    # The average began at 0, so that the first ones are too small by this factor.
    w -= lr / (1 - beta1**t) * m / u


def trial(pick: Pick) -> dict[str, Any]:
    return {
        "lr": pick.choice([0.125, 0.01]),
        "betas": pick.choice([(0.9, 0.999), (0.5, 0.75)]),
        "eps": pick.choice([1e-8, 0.125]),
        "weight_decay": pick.choice([0.0, 0.25]),
    }
