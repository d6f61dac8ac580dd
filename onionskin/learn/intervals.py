"""How sure a measure is: intervals of 95 %, and chance where many things are compared at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]

#: The normal quantile of an interval of 95 %.
_Z: Final = 1.959963984540054

#: So many resamples: the ends of an interval then move by about a fortieth of its width.
RESAMPLES: Final = 2000

#: Numbers drawn at a time (bytes of one portion: 32 MB).
_PORTION: Final = 4_000_000


def wilson(right: float, count: int) -> tuple[float, float]:
    """Return the interval of a share, 0 to 1, also near its ends and for few (Wilson 1927, J. Am. Stat. Assoc. 22).

    Args:
        right: How many.
        count: Of so many; of none, the interval is everything.
    """
    if count == 0:
        return 0.0, 1.0
    share, z2 = right / count, _Z**2
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = _Z * math.sqrt(share * (1 - share) / count + z2 / (4 * count**2)) / (1 + z2 / count)
    return max(0.0, middle - half), min(1.0, middle + half)


def bootstrap(top: Values, bottom: Values, of: Callable[[Values], Values], *, seed: int = 0) -> tuple[float, float]:
    """Return the interval of ``of(sum(top) / sum(bottom))`` by resampling examples (Efron 1979, percentile method).

    Args:
        top, bottom: (n,) what each example adds.
        of: Applied to the ratios.
        seed: The same seed gives the same interval.
    """
    count = len(top)
    if count < 2:
        return math.nan, math.nan
    random = np.random.default_rng([seed, count])
    ratios = []
    for done in range(0, RESAMPLES, step := max(1, _PORTION // count)):
        picked = random.integers(0, count, (min(step, RESAMPLES - done), count))
        with np.errstate(invalid="ignore", divide="ignore"):
            ratios.append(top[picked].sum(1) / bottom[picked].sum(1))
    low, high = np.nanpercentile(of(np.concatenate(ratios)), [2.5, 97.5])
    return float(low), float(high)


def chances(
    top: Values, bottom: Values, groups: Sequence[npt.NDArray[np.bool_]], *, higher: bool, seed: int = 0
) -> list[float]:
    """Return for each group how often a random one of its size does as badly against the rest: a permutation test.

    Args:
        top, bottom: (n,) what each example adds to a ratio.
        groups: (n,) each.
        higher: Whether a higher ratio is better.
        seed: The same seed gives the same answer.

    Returns:
        At least 1 / (RESAMPLES + 1): the group itself is one of the random ones (Phipson & Smyth 2010).
    """
    sign = 1.0 if higher else -1.0
    sizes = np.array([int(inside.sum()) for inside in groups])
    total_top, total_bottom = top.sum(), bottom.sum()

    def gaps(up: Values, down: Values) -> Values:
        with np.errstate(invalid="ignore", divide="ignore"):
            gap: Values = sign * (up / down - (total_top - up) / (total_bottom - down))
        return gap

    seen = gaps(np.array([top[g].sum() for g in groups]), np.array([bottom[g].sum() for g in groups]))
    random = np.random.default_rng([seed, len(top)])
    as_bad = np.ones(len(groups))
    for _ in range(RESAMPLES):
        order = random.permutation(len(top))  # its first so many are a random group of any size
        drawn = gaps(top[order].cumsum()[sizes - 1], bottom[order].cumsum()[sizes - 1])
        as_bad += drawn <= seen + 1e-12
    return [float(p) for p in as_bad / (RESAMPLES + 1)]


def fisher(right: int, count: int, right_rest: int, count_rest: int) -> float:
    """Return the chance that a group has so few right, if it does no worse than the rest (Fisher's exact test)."""
    from scipy.stats import hypergeom

    # So many right in a draw of `count` out of all, of which right + right_rest are right.
    return float(hypergeom.cdf(right, count + count_rest, right + right_rest, count))


def holm(chances: Sequence[float]) -> list[float]:
    """Return the chances as they count when all were looked at (Holm 1979, Scand. J. Stat. 6).

    Where none of the groups differs, the chance that any of these falls under .05 is at most .05.
    """
    order = sorted(range(len(chances)), key=lambda i: chances[i])
    adjusted, running = [0.0] * len(chances), 0.0
    for rank, i in enumerate(order):
        running = max(running, min(1.0, (len(chances) - rank) * chances[i]))
        adjusted[i] = running
    return adjusted
