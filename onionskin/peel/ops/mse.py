"""Mean squared error: how far the output is from the target, squared."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.ops._pairs import refuse_unlike
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

KIND = "loss"
SENTENCE = "the mean of the squared distances"
FORMULA = r"L = \frac1n \sum_i (x_i - t_i)^2, \qquad \frac{\partial L}{\partial x_i} = \frac2n (x_i - t_i)"
SPELLINGS = ("torch.nn.MSELoss", "torch.nn.functional.mse_loss")


def read(
    input: Tensor,
    target: Tensor,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Use:
    refuse_unlike(input, target, weight)
    return Use("mse", {"x": input, "target": target}, {"reduction": reduction})


def forward(x: Array, target: Array, reduction: str) -> Array:
    return (
        ((x - target) ** 2).mean()
        if reduction == "mean"
        else ((x - target) ** 2).sum()
        if reduction == "sum"
        else (x - target) ** 2
    )


def d_x(dy: Array, x: Array, target: Array, reduction: str) -> Array:
    return dy * 2 / x.size * (x - target) if reduction == "mean" else dy * 2 * (x - target)


def d_target(dy: Array, x: Array, target: Array, reduction: str) -> Array:
    return dy * 2 / x.size * (target - x) if reduction == "mean" else dy * 2 * (target - x)


def tensors(x: Tensor, target: Tensor, reduction: str) -> Tensor:
    return F.mse_loss(x, target) if reduction == "mean" else F.mse_loss(x, target, reduction=reduction)


def trial(pick: Pick) -> Call:
    shape = (pick(1, 4), pick(1, 3))
    return F.mse_loss, (pick.normal(*shape), pick.normal(*shape)), {"reduction": pick.choice(["mean", "sum", "none"])}
