"""What something costs by its sizes: a power of one size, or a sum of several; how well that fits, and how surely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

from onionskin.lab.statistics import Interval

Values = npt.NDArray[np.float64]

#: So many samples of networks are drawn for the interval of R².
_RESAMPLES: Final = 400


class Law(Protocol):
    """How sizes, (n, k), become a cost, (n,)."""

    def fit(self, sizes: Values, cost: Values) -> Values:
        """Return the law's numbers."""
        ...

    def predict(self, numbers: Values, sizes: Values) -> Values:
        """Return the cost that it says, (n,)."""
        ...


class Power:
    """A power of one size, t = a sᵇ, by least squares of logarithms. Its numbers: log a and b."""

    def fit(self, sizes: Values, cost: Values) -> Values:
        """Return log a and b."""
        design = np.stack([np.ones(len(cost)), np.log(sizes[:, 0])], 1)
        found: Values = np.linalg.lstsq(design, np.log(cost), rcond=None)[0]
        return found

    def predict(self, numbers: Values, sizes: Values) -> Values:
        """Return the cost that it says."""
        said: Values = np.exp(numbers[0] + numbers[1] * np.log(sizes[:, 0]))
        return said


class Sum:
    """A sum of all sizes and a constant, none with a factor below 0, by least squares of relative errors."""

    def fit(self, sizes: Values, cost: Values) -> Values:
        """Return a factor for each size, and the constant."""
        design = np.concatenate([sizes, np.ones((len(cost), 1))], 1)
        scale = design.max(0)  # sizes are far apart: a GMAC is 1e9, a constant 1
        found, _ = nnls(design / scale / cost[:, None], np.ones(len(cost)))
        factors: Values = found / scale
        return factors

    def predict(self, numbers: Values, sizes: Values) -> Values:
        """Return the cost that it says."""
        said: Values = sizes @ numbers[:-1] + numbers[-1]
        return said


@dataclass(frozen=True)
class Fit:
    """A law that was fitted.

    Attributes:
        numbers: The law's.
        predicted: What it says of each, (n,).
        r2: The share of the variance of the cost's logarithm that it explains.
        left_out: The same where each was predicted by a fit to all others.
        typical_factor: Two in three are at most this factor away.
    """

    numbers: Values
    predicted: Values
    r2: Interval
    left_out: float
    typical_factor: float


def fitted(law: Law, sizes: Values, cost: Values) -> Fit:
    """Fit a law.

    Args:
        law: Which.
        sizes: (n, k), positive.
        cost: (n,), positive; n at least k + 2.
    """
    numbers = law.fit(sizes, cost)
    predicted = law.predict(numbers, sizes)
    rng, count = np.random.default_rng(0), len(cost)
    drawn = [rng.integers(0, count, count) for _ in range(_RESAMPLES)]
    again = [
        _r2(law.predict(law.fit(sizes[i], cost[i]), sizes[i]), cost[i])
        for i in drawn
        if len(set(i)) > sizes.shape[1] + 1
    ]
    low, high = (float(q) for q in np.nanquantile(again, [0.025, 0.975]))
    others = [np.arange(count) != i for i in range(count)]
    left_out = np.array([law.predict(law.fit(sizes[o], cost[o]), sizes[~o])[0] for o in others])
    factor = float(np.exp(np.quantile(np.abs(np.log(predicted / cost)), 2 / 3)))
    r2 = _r2(predicted, cost)
    return Fit(numbers, predicted, Interval(r2, min(low, r2), max(high, r2), count), _r2(left_out, cost), factor)


def _r2(predicted: Values, cost: Values) -> float:
    logs = np.log(cost)
    off = np.log(np.maximum(predicted, 1e-12)) - logs
    spread = float(np.sum((logs - logs.mean()) ** 2))
    return 1 - float(np.sum(off**2)) / spread if spread > 0 else float("nan")
