"""Cross-entropy of logits (n, c) against class numbers (n,): how surprised the model is by the right answer.

With class weights, label smoothing, classes to ignore, or a class for every place of an image it is
``cross_entropy_one_hot``; against probabilities instead of class numbers, ``cross_entropy_soft``.
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
SENTENCE = "minus the log of the probability given to the right class"
FORMULA = (
    r"L = -\frac1n \sum_i \log \frac{e^{x_{i,t_i}}}{\sum_k e^{x_{ik}}}, \qquad "
    r"\frac{\partial L}{\partial x} = \frac{p - \mathrm{onehot}(t)}{n}"
)
SPELLINGS = ("torch.nn.CrossEntropyLoss", "torch.nn.functional.cross_entropy")
SAVES = ("p",)


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
    if input.ndim < 2:
        what = f"takes the cross-entropy of logits of shape {tuple(input.shape)}"
        raise OnionskinError(what, fix="give logits (n, c), also of one example: logits[None], target[None]")
    settings = {"reduction": reduction, "label_smoothing": label_smoothing}
    operands = {"x": input, "target": target, "weight": weight}
    if target.is_floating_point():
        return Use("cross_entropy_soft", operands, settings)
    # PyTorch's own default, -100, matters only where it is meant: where such a target is there.
    ignored = ignore_index if ignore_index >= 0 or bool((target == ignore_index).any()) else None
    if input.ndim > 2 or weight is not None or label_smoothing or ignored is not None:
        return Use("cross_entropy_one_hot", operands, {**settings, "ignore_index": ignored})
    return Use("cross_entropy", {"x": input, "target": target}, {"reduction": reduction})


def forward(x: Array, target: Array, reduction: str) -> Array:
    """The mean over the examples of -log(softmax(x)[target])."""
    # The largest becomes 0, so that no exponential overflows.
    shifted = x - np.amax(x, axis=1, keepdims=True)
    p = np.exp(shifted)
    total = p.sum(axis=1, keepdims=True)
    p /= total
    losses = np.log(total[:, 0]) - shifted[np.arange(len(x)), target]
    if reduction == "mean":
        return losses.mean(), p
    if reduction == "sum":
        return losses.sum(), p
    return losses, p


def d_x(dy: Array, p: Array, target: Array, reduction: str) -> Array:
    """What was given to each class, less what was asked for: (p - onehot(target)) / n."""
    each = dy / len(p) if reduction == "mean" else dy
    dx = p * each[:, None] if reduction == "none" else p * each
    dx[np.arange(len(p)), target] -= each  # where the right answer is
    return dx


def tensors(x: Tensor, target: Tensor, reduction: str) -> Tensor:
    return F.cross_entropy(x, target) if reduction == "mean" else F.cross_entropy(x, target, reduction=reduction)


def scalars(s: Scalars, x: Array, target: Array, reduction: str) -> Array:
    losses = []
    for row, right in zip(x, target, strict=True):
        largest = s.named(s.max(row), "largest")
        e = [s.named(s.call("exp", z - largest), f"e{k + 1}") for k, z in enumerate(row)]
        total = s.named(s.add(e), "e_total")
        slopes = {z: e[k] / total - s.compare("==", right, k) for k, z in enumerate(row)}
        losses.append(s.with_slopes(s.call("log", total) + largest - s.select(right, row), slopes))
    return s.reduced(losses, reduction)


def trial(pick: Pick) -> Call:
    n, c = pick(1, 5), pick(1, 6)
    return F.cross_entropy, (pick.normal(n, c), pick.whole(c, n)), {"reduction": pick.choice(["mean", "sum", "none"])}
