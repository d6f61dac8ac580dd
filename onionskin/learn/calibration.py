"""Whether a model that says 80 % is right in 80 of 100: reliability, its error, and the temperature that mends it.

Paper: Guo, Pleiss, Sun & Weinberger (2017), "On calibration of modern neural networks", arXiv 1706.04599.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from onionskin.learn.intervals import Values, wilson

#: Bins of confidence, as in the paper.
BINS: Final = 15

#: With fewer examples, a temperature would fit noise.
_FEWEST: Final = 40


@dataclass(frozen=True)
class Bin:
    """The examples with a confidence from ``low`` to ``high``: so many, so sure on average, and so often right."""

    low: float
    high: float
    count: int
    confidence: float
    right: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class Calibration:
    """How far confidence and truth are apart.

    Attributes:
        bins: Those with examples in them.
        error: The expected calibration error: the gap of each bin, weighted by its count.
        confidence, right: Means over all.
        temperature: What logits have to be divided by; above 1 for a model that is too sure. None of too few examples.
        error_after: The calibration error with it, each half measured with the other half's temperature.
    """

    bins: tuple[Bin, ...]
    error: float
    confidence: float
    right: float
    temperature: float | None
    error_after: float | None


def calibrated(logits: Tensor, targets: Tensor) -> Calibration:
    """Measure the confidence of a classifier.

    Args:
        logits: (n, classes), or (n, labels) with yes or no for each.
        targets: (n,) class numbers, or (n, labels) of 0 and 1.
    """
    confidence, right = _confidences(logits, targets)
    bins, error = _reliability(confidence, right)
    temperature = after = None
    if len(logits) >= _FEWEST:
        temperature = fitted(logits, targets)
        # Every other example: a temperature that is measured where it was fitted looks too good.
        halves = [slice(0, None, 2), slice(1, None, 2)]
        scaled = torch.empty_like(logits)
        for one, other in (halves, halves[::-1]):
            scaled[one] = logits[one] / fitted(logits[other], targets[other])
        after = _reliability(*_confidences(scaled, targets))[1]
    return Calibration(bins, error, float(confidence.mean()), float(right.mean()), temperature, after)


def _confidences(logits: Tensor, targets: Tensor) -> tuple[Values, npt.NDArray[np.bool_]]:
    if targets.ndim == 1:
        top = logits.double().softmax(1).max(1)
        return top.values.numpy(), (top.indices == targets).numpy()
    yes = torch.sigmoid(logits.double()).reshape(-1)
    return torch.maximum(yes, 1 - yes).numpy(), ((yes > 0.5) == (targets.reshape(-1) > 0.5)).numpy()


def _reliability(confidence: Values, right: npt.NDArray[np.bool_]) -> tuple[tuple[Bin, ...], float]:
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    bins, error = [], 0.0
    for k in range(BINS):
        inside = place == k
        count = int(inside.sum())
        if count:
            sure, share = float(confidence[inside].mean()), float(right[inside].mean())
            bins.append(Bin(k / BINS, (k + 1) / BINS, count, sure, share, wilson(right[inside].sum(), count)))
            error += count / len(confidence) * abs(share - sure)
    return tuple(bins), error


def fitted(logits: Tensor, targets: Tensor) -> float:
    """Return the temperature with the lowest negative log likelihood, between 1/20 and 20.

    The loss is convex in 1/T, so that a golden-section search along log T finds it.
    """
    logits = logits.double()

    def loss(log_t: float) -> float:
        scaled = logits / float(np.exp(log_t))
        if targets.ndim == 1:
            return float(cross_entropy(scaled, targets))
        return float(binary_cross_entropy_with_logits(scaled, targets.double()))

    low, high = -np.log(20), np.log(20)
    ratio = (np.sqrt(5) - 1) / 2
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    at_left, at_right = loss(left), loss(right)
    while high - low > 1e-4:
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - ratio * (high - low)
            at_left = loss(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + ratio * (high - low)
            at_right = loss(right)
    return float(np.exp((low + high) / 2))
