"""Cross-entropy of logits (n, c) against class numbers (n,): how surprised the model is by the right answer."""

from __future__ import annotations

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

KIND = "loss"
SENTENCE = "minus the log of the probability given to the right class"
FORMULA = (
    r"L = -\frac1n \sum_i \log \frac{e^{x_{i,t_i}}}{\sum_k e^{x_{ik}}}, \qquad "
    r"\frac{\partial L}{\partial x} = \frac{p - \mathrm{onehot}(t)}{n}"
)
SPELLINGS = ("torch.nn.CrossEntropyLoss", "torch.nn.functional.cross_entropy")
SAVES = ("probabilities",)


def read(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: None = None,
    ignore_index: int = -100,
    reduce: None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Use:
    return Use("cross_entropy", {"x": input, "target": target}, {"reduction": reduction})


def forward(x: Array, target: Array, reduction: str) -> Array:
    """The mean over the examples of -log(softmax(x)[target])."""
    # The largest becomes 0, so that no exponential overflows.
    shifted = x - np.amax(x, axis=1, keepdims=True)
    probabilities = np.exp(shifted)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    losses = -np.log(probabilities[np.arange(len(x)), target])
    if reduction == "mean":
        return losses.mean(), probabilities
    return losses.sum(), probabilities


def d_x(dy: Array, probabilities: Array, target: Array, reduction: str) -> Array:
    """What was given to each class, less what was asked for."""
    if reduction == "mean":
        dy = dy / len(target)
    dx = probabilities * dy
    dx[np.arange(len(dx)), target] -= dy  # where the right answer is
    return dx


def tensors(x: Tensor, target: Tensor, reduction: str) -> Tensor:
    return F.cross_entropy(x, target, reduction=reduction)


def trial(pick: Pick) -> Call:
    n, c = pick(1, 5), pick(2, 6)
    return F.cross_entropy, (pick.normal(n, c), pick.whole(c, n)), {"reduction": pick.choice(["mean", "sum"])}
