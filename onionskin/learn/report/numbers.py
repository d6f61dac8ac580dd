"""How numbers are written, and where they lie along an axis: the same in a terminal, in HTML and on the page."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Final

from onionskin.learn.report.blocks import Axis, Cell, Chart


def brief(value: float | None) -> str:
    """Return a value in few letters: ``0.0123``, ``1e-5``, ``2.4e+7``; a dash where there is none."""
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    size = abs(value)
    if size and (size < 1e-3 or size >= 1e5):
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{mantissa.removesuffix('.0')}e{int(exponent):+d}"
    return f"{float(f'{value:.3g}'):g}"


def shown(cell: Cell) -> str:
    """Return a cell of a table as a person reads it."""
    if cell is None:
        return "–"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int):
        return f"{cell:,}"
    if isinstance(cell, float):
        return f"{cell:,.4g}" if 1e-3 <= abs(cell) < 1e7 or cell == 0 else brief(cell)
    return cell


#: Beyond it a difference may be infinite.
_FARTHEST: Final = 1e300
_FARTHEST_POWER: Final = 300.0


class Scale:
    """Where values lie along an axis, from 0 to 1.

    Args:
        axis: The axis; a logarithmic one shows nothing of values that are not above 0.
        values: All that shall be seen.
        base: A value that is seen in any case, such as the foot of bars.
    """

    def __init__(self, axis: Axis, values: Sequence[float | None], base: float | None = None) -> None:
        self.is_log = axis.log and any(value is not None and value > 0 for value in values)
        ends = [place for value in [*values, base] if (place := self._place(value)) is not None]
        low, high = min(ends, default=0.0), max(ends, default=1.0)
        if low == high:
            room = max(0.5, abs(low) / 100)  # half a unit is nothing beside 10^16
            low, high = low - room, high + room
        self.low, self.high = low, high

    def __call__(self, value: float | None) -> float | None:
        """Return where a value lies; None where it does not."""
        place = self._place(value)
        return None if place is None else (place - self.low) / (self.high - self.low)

    def ticks(self, about: int = 5) -> list[float]:
        """Return round values along the axis: 1, 2 or 5 times a power of ten, or powers of ten."""
        span = self.high - self.low
        if self.is_log and span >= 1:
            powers = range(math.ceil(self.low), math.floor(self.high) + 1, max(1, round(span / about)))
            return [10.0**power for power in powers]
        low, high = (10**self.low, 10**self.high) if self.is_log else (self.low, self.high)
        raw = (high - low) / max(1, about)
        if not 0 < raw < math.inf:
            return []
        power = 10.0 ** math.floor(math.log10(raw))
        step = power * next(factor for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)
        if step == 0:
            return []
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        return [round(i * step + 0.0, 12 - math.floor(math.log10(step))) for i in range(first, last + 1)][: 4 * about]

    def _place(self, value: float | None) -> float | None:
        if value is None or (self.is_log and value <= 0):
            return None
        value = max(-_FARTHEST, min(_FARTHEST, value))
        return max(-_FARTHEST_POWER, math.log10(value)) if self.is_log else value


def scales_of(chart: Chart) -> tuple[Scale, Scale]:
    """Return the scales of a chart's axes. Bars stand on 0 and take half a place to either side."""
    has_bars = any(series.mark == "bars" for series in chart.series)
    xs = [x for series in chart.series for x in series.x]
    ys = [y for series in chart.series for part in (series.y, series.low, series.high) for y in part]
    if chart.x.ticks or has_bars:
        known = [x for x in xs if x is not None]
        half = _half_gap(known)
        xs += [min(known, default=0) - half, max(known, default=0) + half]
    return Scale(chart.x, xs), Scale(chart.y, ys, 0.0 if has_bars and not chart.y.log else None)


def _half_gap(values: Sequence[float]) -> float:
    ordered = sorted(set(values))
    return min((b - a for a, b in itertools.pairwise(ordered)), default=1.0) / 2


def bar_width(chart: Chart) -> float:
    """Return how wide a bar of a chart is, in units of its x axis; bars of several series share a place."""
    bars = [series for series in chart.series if series.mark == "bars"]
    gap = 2 * _half_gap([x for series in bars for x in series.x if x is not None])
    return 0.8 * gap / max(1, len(bars))
