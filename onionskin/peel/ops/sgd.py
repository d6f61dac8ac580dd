"""Stochastic gradient descent: a step against the gradient, with momentum where it is asked for."""

from __future__ import annotations

from onionskin.peel.ops import Array

KIND = "optimizer"
SENTENCE = "every weight goes a small step against its gradient"
FORMULA = r"v \leftarrow \mu v + (1 - d)\, (g + \lambda w), \qquad w \leftarrow w - \eta v"
SPELLINGS = ("torch.optim.SGD",)


def update(
    w: Array,
    g: Array,
    state: dict[str, Array],
    lr: float,
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
