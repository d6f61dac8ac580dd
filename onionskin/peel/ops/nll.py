"""Negative log-likelihood of log-probabilities (n, c) against class numbers (n,).

With class weights, classes to ignore, or a class for every place of an image it is ``nll_one_hot``.
"""

from __future__ import annotations

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.errors import OnionskinError
from onionskin.peel.arithmetic.scalar import Scalars
from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

KIND = "loss"
SENTENCE = "minus the log-probability of the right class"
FORMULA = r"L = -\frac1n \sum_i x_{i,t_i}, \qquad \frac{\partial L}{\partial x_{ik}} = -\frac{[k = t_i]}{n}"
SPELLINGS = ("torch.nn.NLLLoss", "torch.nn.functional.nll_loss")


def read(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: None = None,
    ignore_index: int = -100,
    reduce: None = None,
    reduction: str = "mean",
) -> Use:
    if input.ndim < 2:
        what = f"takes the likelihood of log-probabilities of shape {tuple(input.shape)}"
        raise OnionskinError(what, fix="give them as (n, c), also of one example: x[None], target[None]")
    # PyTorch's own default, -100, matters only where it is meant: where such a target is there.
    ignored = ignore_index if ignore_index >= 0 or bool((target == ignore_index).any()) else None
    if input.ndim > 2 or weight is not None or ignored is not None:
        operands = {"x": input, "target": target, "weight": weight}
        return Use("nll_one_hot", operands, {"reduction": reduction, "ignore_index": ignored})
    return Use("nll", {"x": input, "target": target}, {"reduction": reduction})


def forward(x: Array, target: Array, reduction: str) -> Array:
    return (
        -x[np.arange(len(x)), target].mean()
        if reduction == "mean"
        else -x[np.arange(len(x)), target].sum()
        if reduction == "sum"
        else -x[np.arange(len(x)), target]
    )


def d_x(dy: Array, x: Array, target: Array, reduction: str) -> Array:
    """-1 / n where the right class is, 0 elsewhere."""
    dx = np.zeros_like(x)
    dx[np.arange(len(x)), target] = -dy / len(x) if reduction == "mean" else -dy
    return dx


def tensors(x: Tensor, target: Tensor, reduction: str) -> Tensor:
    return F.nll_loss(x, target) if reduction == "mean" else F.nll_loss(x, target, reduction=reduction)


def scalars(s: Scalars, x: Array, target: Array, reduction: str) -> Array:
    return s.reduced([s.neg(s.select(right, row)) for row, right in zip(x, target, strict=True)], reduction)


def trial(pick: Pick) -> Call:
    n, c = pick(1, 5), pick(1, 6)
    return F.nll_loss, (pick.normal(n, c), pick.whole(c, n)), {"reduction": pick.choice(["mean", "sum", "none"])}
