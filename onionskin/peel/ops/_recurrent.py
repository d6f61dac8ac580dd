"""What the recurrent layers have in common: what they do not take, and what they are tried on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from onionskin.errors import OnionskinError
from onionskin.peel.trial import Call, Pick


def refuse_special(given: Any, states: Any, dropout: float) -> None:
    """Raise OnionskinError for packed sequences, and where something is dropped out between the layers.

    Args:
        given: What stands in the place of the weights: in a call on packed sequences, another thing.
        states: What stands in the place of the states that it begins with.
        dropout: The share that is dropped out.
    """
    if isinstance(given, Tensor) or (isinstance(states, Tensor) and states.ndim == 1):
        raise OnionskinError(
            "reads a packed sequence", fix="give it padded sequences (t, n, …), and mask what comes after their ends"
        )
    if dropout:
        raise OnionskinError(
            f"drops out {dropout:g} of what one recurrent layer tells the next",
            fix="give dropout=0.0, or one module a layer with an nn.Dropout between them",
        )


def trial_of(pick: Pick, function: Callable[..., Any], gates: int, states: int) -> Call:
    """Return a call of a recurrent layer: one layer or two, forwards or both ways.

    Args:
        pick: Picks.
        function: A function of PyTorch's, such as ``torch.gru``.
        gates: How many times the hidden units the rows of its weights are.
        states: How many states it carries from one time to the next.
    """
    t, n, i, h = pick(1, 4), pick(1, 3), pick(1, 3), pick(1, 3)
    layers, ways = pick(1, 2), pick(1, 2)
    has_biases, batch_first = bool(pick(0, 1)), bool(pick(0, 1))
    weights = []
    for number in range(layers * ways):
        width = i if number < ways else h * ways
        weights += [pick.normal(gates * h, width), pick.normal(gates * h, h)]
        weights += [pick.normal(gates * h), pick.normal(gates * h)] if has_biases else []
    x = pick.normal(*((n, t, i) if batch_first else (t, n, i)))
    begin = [pick.normal(layers * ways, n, h) for _ in range(states)]
    hx = begin[0] if states == 1 else tuple(begin)
    return function, (x, hx, weights, has_biases, layers, 0.0, True, ways == 2, batch_first), {}


def trial_of_cell(function: Callable[..., Any], pick: Pick, gates: int, states: int) -> Call:
    """Return a call of a cell: one layer at one time."""
    n, i, h = pick(1, 4), pick(1, 3), pick(1, 3)
    begin = [pick.normal(n, h) for _ in range(states)]
    weights = [pick.normal(gates * h, i), pick.normal(gates * h, h)]
    biases = [pick.normal(gates * h), pick.normal(gates * h)] if pick(0, 1) else [None, None]
    return function, (pick.normal(n, i), begin[0] if states == 1 else begin, *weights, *biases), {}
