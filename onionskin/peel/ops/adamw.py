"""AdamW: Adam whose weight decay shrinks the weights themselves, and not by way of the gradient.

Source: Loshchilov & Hutter (2019), "Decoupled weight decay regularization", algorithm 2. The rest is as in ``adam``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from onionskin.peel.ops import Array
from onionskin.peel.trial import Pick

KIND = "optimizer"
SENTENCE = "every weight shrinks a little, then goes as with Adam"
FORMULA = (
    r"m \leftarrow \beta_1 m + (1-\beta_1)\, g, \quad v \leftarrow \beta_2 v + (1-\beta_2)\, g^2, \qquad "
    r"w \leftarrow (1 - \eta \lambda)\, w - \eta\, \frac{m / (1-\beta_1^t)}{\sqrt{v / (1-\beta_2^t)} + \epsilon}"
)
SPELLINGS = ("torch.optim.AdamW",)


def update(
    w: Array,
    g: Array,
    state: dict[str, Array],
    lr: float = 0.001,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.01,
    amsgrad: bool = False,
) -> None:
    """m and v: averages of g and g^2; w -= lr m / (sqrt(v) + eps), both without bias."""
    if not state:
        state.update(t=0, m=np.zeros_like(w), v=np.zeros_like(w))
        if amsgrad:
            state.update(largest=np.zeros_like(w))
    beta1, beta2 = betas
    state["t"] += 1
    t, m, v = state["t"], state["m"], state["v"]
    if weight_decay:
        w *= 1 - lr * weight_decay  # the decay, apart from the gradient
    m += (1 - beta1) * (g - m)
    v *= beta2
    v += (1 - beta2) * g * g
    if amsgrad:
        v = state["largest"] = np.maximum(state["largest"], v)
    # The averages began at 0, so that the first ones are too small by these factors.
    scale = np.sqrt(v) / (1 - beta2**t) ** 0.5 + eps
    w -= lr / (1 - beta1**t) * m / scale


def trial(pick: Pick) -> dict[str, Any]:
    return {
        "lr": pick.choice([0.125, 0.01]),
        "betas": pick.choice([(0.9, 0.999), (0.5, 0.75), (0.0, 0.5)]),
        "eps": pick.choice([1e-8, 0.125]),
        "weight_decay": pick.choice([0.0, 0.25]),
        "amsgrad": pick.choice([False, True]),
    }
