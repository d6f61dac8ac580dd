"""Kullback-Leibler divergence of log-probabilities from a target: what is lost by believing one instead of the other.

As in PyTorch the input is a log-probability, the target a probability (or its log, with ``log_target``), and the mean
is over all entries; ``batchmean``, over the examples, is what the mathematics means.
"""

from __future__ import annotations

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.ops._pairs import refuse_unlike
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

KIND = "loss"
SENTENCE = "the surprise that is left when one distribution is taken for the other"
FORMULA = (
    r"L = \frac1n \sum_i t_i (\log t_i - x_i), \qquad \frac{\partial L}{\partial x_i} = -\frac{t_i}{n}, \quad "
    r"\frac{\partial L}{\partial t_i} = \frac{\log t_i + 1 - x_i}{n}"
)
SPELLINGS = ("torch.nn.KLDivLoss", "torch.nn.functional.kl_div")


def read(
    input: Tensor,
    target: Tensor,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Use:
    refuse_unlike(input, target)
    return Use("kl_div", {"x": input, "target": target}, {"log_target": log_target, "reduction": reduction})


def forward(x: Array, target: Array, log_target: bool, reduction: str) -> Array:
    """t (log(t) - x) for each entry; where t is 0, so is that."""
    log_t = target if log_target else np.log(np.where(target > 0, target, 1))
    t = np.exp(target) if log_target else target
    losses = t * (log_t - x)
    if reduction == "mean":
        return losses.mean()
    if reduction == "batchmean":
        return losses.sum() / len(x)
    if reduction == "sum":
        return losses.sum()
    return losses


def d_x(dy: Array, x: Array, target: Array, log_target: bool, reduction: str) -> Array:
    """-t, a mean over what is averaged."""
    dx = -np.exp(target) if log_target else -target
    if reduction == "mean":
        return dx / x.size * dy
    if reduction == "batchmean":
        return dx / len(x) * dy
    return dx * dy


def d_target(dy: Array, x: Array, target: Array, log_target: bool, reduction: str) -> Array:
    """log(t) + 1 - x, a mean over what is averaged."""
    dtarget = np.exp(target) * (target + 1 - x) if log_target else np.log(target) + 1 - x
    if reduction == "mean":
        return dtarget / x.size * dy
    if reduction == "batchmean":
        return dtarget / len(x) * dy
    return dtarget * dy


def tensors(x: Tensor, target: Tensor, log_target: bool, reduction: str) -> Tensor:
    return F.kl_div(x, target, reduction=reduction, log_target=log_target)


def trial(pick: Pick) -> Call:
    shape = pick(2, 4), pick(2, 3)  # else PyTorch warns that the mean is not what one thinks
    log_target = bool(pick(0, 1))
    settings = {"log_target": log_target, "reduction": pick.choice(["batchmean", "sum", "none"])}
    return F.kl_div, (pick.normal(*shape), pick.normal(*shape) if log_target else pick.positive(*shape)), settings
