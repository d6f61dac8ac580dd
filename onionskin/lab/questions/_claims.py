"""Whether a claim came true, as far as an interval can tell."""

from __future__ import annotations

import math
from collections.abc import Sequence

from onionskin.lab.statistics import Interval


def within(found: Interval, low: float = -math.inf, high: float = math.inf) -> bool | None:
    """Return whether a value lies between two ends: None where its interval reaches over one of them."""
    if found.count < 2 or math.isnan(found.value):
        return None
    if low <= found.low and found.high <= high:
        return True
    return False if found.high < low or found.low > high else None


def every(parts: Sequence[bool | None]) -> bool | None:
    """Return whether all parts of a claim hold: one that fails decides, one that cannot be told leaves it open."""
    if False in parts:
        return False
    return None if None in parts or not parts else True
