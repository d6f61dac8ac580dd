"""Binary cross-entropy of probabilities: for each entry on its own, how surprised the model is by a yes or a no.

As in PyTorch no log goes below -100, so that a probability of exactly 0 or 1 costs something finite. Of logits,
``bce_with_logits`` is more exact.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.ops._pairs import refuse_unlike
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

KIND = "loss"
SENTENCE = "minus the log of the probability given to the right one of yes and no"
FORMULA = (
    r"L = -\frac1n \sum_i t_i \log x_i + (1 - t_i) \log(1 - x_i), \qquad "
    r"\frac{\partial L}{\partial x_i} = \frac{x_i - t_i}{n\, x_i (1 - x_i)}"
)
SPELLINGS = ("torch.nn.BCELoss", "torch.nn.functional.binary_cross_entropy")


def read(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
) -> Use:
    refuse_unlike(input, target)
    return Use("bce", {"x": input, "target": target, "weight": weight}, {"reduction": reduction})


def forward(x: Array, target: Array, weight: Array, reduction: str) -> Array:
    """-(t log(x) + (1 - t) log(1 - x)), where no log goes below -100."""
    least = 3.720075976020836e-44  # e^-100
    yes, no = np.log(np.clip(x, least, None)), np.log(np.clip(1 - x, least, None))
    losses = (target - 1) * no - target * yes
    if weight is not None:
        losses = losses * weight
    if reduction == "mean":
        return losses.mean()
    if reduction == "sum":
        return losses.sum()
    return losses


def d_x(dy: Array, x: Array, target: Array, weight: Array, reduction: str) -> Array:
    """(x - t) / (x (1 - x)): a wrong answer that was sure counts most."""
    dx = (x - target) / np.clip(x * (1 - x), 1e-12, None)
    if weight is not None:
        dx = dx * weight
    return dx / x.size * dy if reduction == "mean" else dx * dy


def tensors(x: Tensor, target: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    return (
        F.binary_cross_entropy(x, target, reduction=reduction)
        if weight is None
        else F.binary_cross_entropy(x, target, weight, reduction=reduction)
    )


def trial(pick: Pick) -> Call:
    n, c = pick(1, 4), pick(1, 3)
    x = (pick.positive(n, c).detach() * 0.49).requires_grad_()
    target = pick.whole(2, n, c).double() if pick(0, 1) else (pick.positive(n, c) / 2).detach()
    settings: dict[str, Any] = {"reduction": pick.choice(["mean", "sum", "none"])}
    settings["weight"] = pick.positive(*pick.choice([(n, c), (c,)])).detach() if pick(0, 1) else None
    return F.binary_cross_entropy, (x, target), settings
