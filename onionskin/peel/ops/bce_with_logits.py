"""Binary cross-entropy of logits: for each entry on its own, how surprised the model is by a yes or a no.

It never takes the log of a rounded sigmoid: log(1 + e^-|x|) is exact for all x.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.arithmetic.scalar import Scalars
from onionskin.peel.ops import Array
from onionskin.peel.ops._pairs import refuse_unlike
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

KIND = "loss"
SENTENCE = "minus the log of the probability given to the right one of yes and no"
FORMULA = (
    r"L = -\frac1n \sum_i w \left( v\, t_i \log \sigma(x_i) + (1 - t_i) \log(1 - \sigma(x_i)) \right), \qquad "
    r"\frac{\partial L}{\partial x_i} = \frac{\sigma(x_i) - t_i}{n} \text{ where } w = v = 1"
)
SPELLINGS = ("torch.nn.BCEWithLogitsLoss", "torch.nn.functional.binary_cross_entropy_with_logits")


def read(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Use:
    refuse_unlike(input, target)
    operands = {"x": input, "target": target, "weight": weight, "pos_weight": pos_weight}
    return Use("bce_with_logits", operands, {"reduction": reduction})


def forward(x: Array, target: Array, weight: Array, pos_weight: Array, reduction: str) -> Array:
    """-(t log(p) + (1 - t) log(1 - p)) for p = sigmoid(x), so that nothing overflows."""
    # -log(sigmoid(x)) is log(1 + e^-x), which is log(1 + e^-|x|) + max(-x, 0).
    surprise = np.log1p(np.exp(-np.abs(x))) + np.clip(-x, 0, None)
    if pos_weight is not None:
        surprise = surprise * (1 + (pos_weight - 1) * target)
    losses = (1 - target) * x + surprise
    if weight is not None:
        losses = losses * weight
    if reduction == "mean":
        return losses.mean()
    if reduction == "sum":
        return losses.sum()
    return losses


def d_x(dy: Array, x: Array, target: Array, weight: Array, pos_weight: Array, reduction: str) -> Array:
    """sigmoid(x) - t: what was said, less what is true."""
    # sigmoid(x) = (1 + tanh(x / 2)) / 2, which never overflows.
    p = (1 + np.tanh(x / 2)) / 2
    dx = p - target
    if pos_weight is not None:
        dx = (1 - target) * p + pos_weight * target * (p - 1)
    if weight is not None:
        dx = dx * weight
    return dx / x.size * dy if reduction == "mean" else dx * dy


def tensors(x: Tensor, target: Tensor, weight: Tensor | None, pos_weight: Tensor | None, reduction: str) -> Tensor:
    return (
        F.binary_cross_entropy_with_logits(x, target, reduction=reduction)
        if weight is None and pos_weight is None
        else F.binary_cross_entropy_with_logits(x, target, weight, reduction=reduction, pos_weight=pos_weight)
    )


def scalars(s: Scalars, x: Array, target: Array, weight: Array, pos_weight: Array, reduction: str) -> Array:
    if weight is not None or pos_weight is not None:
        return NotImplemented
    pairs = zip(x.ravel(), target.ravel(), strict=True)
    losses = [s.with_slopes(s.call("softplus", z) - t * z, {z: s.call("sigmoid", z) - t}) for z, t in pairs]
    return s.reduced(losses, reduction, x.shape)


def trial(pick: Pick) -> Call:
    n, c = pick(1, 4), pick(1, 3)
    target = pick.whole(2, n, c).double() if pick(0, 1) else (pick.positive(n, c) / 2).detach()
    settings: dict[str, Any] = {"reduction": pick.choice(["mean", "sum", "none"])}
    settings["weight"] = pick.positive(*pick.choice([(n, c), (c,)])).detach() if pick(0, 1) else None
    settings["pos_weight"] = pick.positive(c).detach() if pick(0, 1) else None
    return F.binary_cross_entropy_with_logits, (pick.normal(n, c), target), settings
