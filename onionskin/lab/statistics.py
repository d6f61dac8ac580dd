"""How sure a number is: bootstrap intervals of 95 % that are honest for few trials, and ratios that may be chance.

Sources: Efron (1979), the bootstrap; Hesterberg (2015), "What teachers should know about the bootstrap", arXiv
1411.5279, section 5: a percentile interval is too narrow for few values, and its quantiles are moved outwards for it.
Below eight values there are not enough different resamples for that, and the interval is at least Student's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
Reduce = Callable[..., Any]

#: So many resamples: the ends of an interval then move by about a fortieth of its width.
RESAMPLES: Final = 2000

#: Of fewer values, resampling alone cannot make an interval of 95 %.
FEW: Final = 8


@dataclass(frozen=True)
class Interval:
    """A value with the ends of its interval of 95 %; they are infinite where there was one value alone.

    Attributes:
        value: The median of times and sizes, the mean of scores.
        low, high: The ends.
        count: Of how many trials.
    """

    value: float
    low: float
    high: float
    count: int

    @property
    def half(self) -> float:
        """Half its width."""
        return (self.high - self.low) / 2


@dataclass(frozen=True)
class Comparison:
    """Two arms beside each other.

    Attributes:
        what: Which: ``resnet50 / resnet18``.
        measure: By which measure.
        kind: ``ratio`` or ``difference``.
        interval: How much, with its interval.
        unit: Of a difference.
    """

    what: str
    measure: str
    kind: Literal["ratio", "difference"]
    interval: Interval
    unit: str = ""

    @property
    def differs(self) -> bool:
        """Whether the interval leaves out "the same"."""
        same = 1.0 if self.kind == "ratio" else 0.0
        if math.isnan(self.interval.value):
            return False
        return not self.interval.low <= same <= self.interval.high or self.interval.low == self.interval.high != same

    def __str__(self) -> str:
        """Return ``2.4 × (2.2 to 2.6)``; no ratio is ever shown whose interval contains 1."""
        i = self.interval
        if self.kind == "ratio":
            ends = f"{_times(i.low)} to {_times(i.high)}"
            if not self.differs:
                return f"no difference found ({ends})" if i.count > 1 else "no difference can be told from one trial"
            return f"{_times(i.value)} × ({ends})" if i.low != i.high else f"{_times(i.value)} ×"
        ends = f"{amount(i.low, self.unit, signed=True)} to {amount(i.high, self.unit, signed=True)}"
        if not self.differs:
            return f"no difference found ({ends})" if i.count > 1 else "no difference can be told from one trial"
        return f"{amount(i.value, self.unit, signed=True)} ({ends})"


def interval(values: Values, kind: str = "time") -> Interval:
    """Return the middle of some trials with its interval: a median for ``time`` and ``size``, a mean for ``score``.

    Args:
        values: (n,), at least one.
        kind: As of a :class:`~onionskin.lab.question.Measure`.
    """
    if kind == "score":
        return _interval(values, np.mean)
    if np.all(values > 0) and not np.all(values == values[0]):
        logs = _interval(np.log(values), np.median)
        return Interval(float(np.median(values)), _exp(logs.low), _exp(logs.high), logs.count)
    return _interval(values, np.median)


def ratio(top: Values, bottom: Values, *, paired: bool) -> Interval:
    """Return the ratio of two arms with its interval.

    Args:
        top, bottom: (n,) and (m,), positive.
        paired: Whether the i-th of each were measured in the same round; what drifts between rounds then cancels.
    """
    if not (np.all(top > 0) and np.all(bottom > 0)):
        return Interval(math.nan, -math.inf, math.inf, min(len(top), len(bottom)))  # of nothing, there is no ratio
    up, down = np.log(top), np.log(bottom)
    logs = _interval(up - down, np.median) if paired else _apart(up, down, np.median)
    return Interval(_exp(logs.value), _exp(logs.low), _exp(logs.high), logs.count)


def difference(one: Values, other: Values, *, paired: bool) -> Interval:
    """Return the difference of two arms' means with its interval; ``paired`` where they share their seeds."""
    return _interval(one - other, np.mean) if paired else _apart(one, other, np.mean)


def _interval(values: Values, of: Reduce) -> Interval:
    count, value = len(values), float(of(values))
    if count == 1:
        return Interval(value, -math.inf, math.inf, 1)
    if np.all(values == values[0]):
        return Interval(value, value, value, count)
    drawn = of(values[_picks(count)], axis=1)
    tail = _tail(count)
    low, high = (float(q) for q in np.quantile(drawn, [tail, 1 - tail]))
    if count < FEW:
        half = _student(count - 1) * float(np.std(values, ddof=1)) / math.sqrt(count)
        low, high = min(low, value - half), max(high, value + half)
    return Interval(value, low, high, count)


def _apart(one: Values, other: Values, of: Reduce) -> Interval:
    """Return the interval of a difference of two independent samples."""
    count, value = min(len(one), len(other)), float(of(one) - of(other))
    if count == 1:
        return Interval(value, -math.inf, math.inf, 1)
    drawn = of(one[_picks(len(one))], axis=1) - of(other[_picks(len(other), 1)], axis=1)
    tail = _tail(count)
    low, high = (float(q) for q in np.quantile(drawn, [tail, 1 - tail]))
    if count < FEW:
        error = math.hypot(float(np.std(one, ddof=1)) / math.sqrt(len(one)),
                           float(np.std(other, ddof=1)) / math.sqrt(len(other)))  # fmt: skip
        half = _student(count - 1) * error
        low, high = min(low, value - half), max(high, value + half)
    return Interval(value, low, high, count)


@lru_cache(maxsize=64)
def _picks(count: int, stream: int = 0) -> npt.NDArray[np.int64]:
    """Return which values each resample has, the same for everybody: (resamples, count)."""
    return np.random.default_rng([count, stream]).integers(0, count, (RESAMPLES, count))


@lru_cache(maxsize=64)
def _student(freedom: int) -> float:
    from scipy.stats import t

    return float(t.ppf(0.975, freedom))


@lru_cache(maxsize=64)
def _tail(count: int) -> float:
    """Return the quantile that the lower end of an interval of 95 % is read at."""
    from scipy.stats import norm

    return float(norm.cdf(-math.sqrt(count / (count - 1)) * _student(count - 1)))


def _exp(value: float) -> float:
    return math.exp(value) if value < 700 else math.inf


def _times(value: float) -> str:
    return "∞" if math.isinf(value) else f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


_STEPS: Final = {
    "s": ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")),
    "bytes": ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "bytes")),
}


def amount(value: float, unit: str = "", *, signed: bool = False) -> str:
    """Return a number with its unit, as a person would say it: ``41 ms``, ``46.8 MB``, ``97.3 %``, ``1.2 k``."""
    sign = "+" if signed and value > 0 else ""
    if math.isnan(value):
        return "unknown"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if unit == "share":
        return f"{sign}{100 * value:.1f} {'points' if signed else '%'}".replace("-", "−")
    for size, name in _STEPS.get(unit, ()):
        if abs(value) >= size * 0.9995 or name in ("ns", "bytes") or not value:
            return f"{sign}{value / size:.3g} {name}".replace("-", "−")
    if not unit or unit in ("parameters", "examples", "steps", "operations"):
        for size, name in ((1e9, " G"), (1e6, " M"), (1e4, " k")):
            if abs(value) >= size:
                return f"{sign}{value / (1e3 if size == 1e4 else size):.3g}{name} {unit}".rstrip().replace("-", "−")
    is_whole = 1000 <= abs(value) < 1e7 or (float(value).is_integer() and abs(value) < 1e7)
    shown = f"{value:,.0f}" if is_whole else f"{value:.3g}"
    return f"{sign}{shown} {unit}".rstrip().replace("-", "−")
