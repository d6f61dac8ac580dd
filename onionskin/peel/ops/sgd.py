"""Stochastic gradient descent: a step against the gradient, with momentum where it is asked for.

Sources: Robbins & Monro (1951); momentum: Polyak (1964); Nesterov's: Sutskever et al. (2013), in PyTorch's form, where
the momentum stands before the learning rate.
"""

from __future__ import annotations

from typing import Any

from onionskin.peel.ops import Array
from onionskin.peel.trial import Pick

KIND = "optimizer"
SENTENCE = "every weight goes a small step against its gradient"
FORMULA = r"v \leftarrow \mu v + (1 - d)\, (g + \lambda w), \qquad w \leftarrow w - \eta v"
SPELLINGS = ("torch.optim.SGD",)


def update(
    w: Array,
    g: Array,
    state: dict[str, Array],
    lr: float = 0.001,
    momentum: float = 0.0,
    dampening: float = 0.0,
    weight_decay: float = 0.0,
    nesterov: bool = False,
) -> None:
    """v = momentum v + g; w -= lr v."""
    if weight_decay:
        g = g + weight_decay * w
    if momentum:
        # The first step begins with the gradient itself, undampened.
        v = momentum * state["v"] + (1 - dampening) * g if "v" in state else g
        state["v"] = v
        g = g + momentum * v if nesterov else v
    w -= lr * g


def trial(pick: Pick) -> dict[str, Any]:
    nesterov = pick.choice([False, True])  # which PyTorch allows with momentum and without dampening only
    return {
        "lr": pick.choice([0.125, 0.01]),
        "momentum": pick.choice([0.5, 0.9] if nesterov else [0.0, 0.5, 0.9]),
        "dampening": 0.0 if nesterov else pick.choice([0.0, 0.25]),
        "weight_decay": pick.choice([0.0, 0.25]),
        "nesterov": nesterov,
    }
