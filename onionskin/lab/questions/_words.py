"""Numbers as a sentence takes them."""

from __future__ import annotations

import math

from onionskin.lab.statistics import Interval, amount


def spread(found: Interval, unit: str = "", digits: str = ".2g") -> str:
    """Return a value with its interval, ``0.55 (0.5 to 0.6)``; of one trial, which has none, the value alone."""

    def said(value: float) -> str:
        return amount(value, unit) if unit else format(value, digits).replace("-", "−")

    if not (math.isfinite(found.low) and math.isfinite(found.high)) or found.low == found.high:
        return said(found.value)
    return f"{said(found.value)} ({said(found.low)} to {said(found.high)})"
