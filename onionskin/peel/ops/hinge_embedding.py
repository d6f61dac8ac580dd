"""Hinge embedding loss: distances of what belongs together shall be small, of what does not, larger than a margin."""

from __future__ import annotations

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.ops._pairs import refuse_unlike
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

KIND = "loss"
SENTENCE = "the distance where the target is 1, what it lacks to the margin where it is -1"
FORMULA = (
    r"L = \frac1n \sum_i \begin{cases} x_i & t_i = 1 \\ \max(0, m - x_i) & t_i = -1 \end{cases}, \qquad "
    r"\frac{\partial L}{\partial x_i} = \frac1n \left([t_i = 1] - [t_i = -1][x_i < m]\right)"
)
SPELLINGS = ("torch.nn.HingeEmbeddingLoss", "torch.nn.functional.hinge_embedding_loss")


def read(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
) -> Use:
    refuse_unlike(input, target)
    return Use("hinge_embedding", {"x": input, "target": target}, {"margin": margin, "reduction": reduction})


def forward(x: Array, target: Array, margin: float, reduction: str) -> Array:
    """x where t is 1, max(0, margin - x) where it is -1."""
    losses = np.where(target == 1, x, np.clip(margin - x, 0, None))
    if reduction == "mean":
        return losses.mean()
    if reduction == "sum":
        return losses.sum()
    return losses


def d_x(dy: Array, x: Array, target: Array, margin: float, reduction: str) -> Array:
    """1 where t is 1, -1 where it is -1 and x has not reached the margin."""
    dx = target * ((target == 1) | (x < margin))
    return dx / x.size * dy if reduction == "mean" else dx * dy


def tensors(x: Tensor, target: Tensor, margin: float, reduction: str) -> Tensor:
    return F.hinge_embedding_loss(x, target, margin=margin, reduction=reduction)


def trial(pick: Pick) -> Call:
    shape = pick(1, 4), pick(1, 3)
    settings = {"margin": pick.choice([1.0, 0.5]), "reduction": pick.choice(["mean", "sum", "none"])}
    return F.hinge_embedding_loss, (pick.normal(*shape), 2.0 * pick.whole(2, *shape).double() - 1), settings
