"""Whether a claim came true: yes, no, or "these trials cannot tell", which is what few trials mostly say."""

from __future__ import annotations

import math

from onionskin.lab.statistics import Comparison, Interval


def all_of(*parts: bool | None) -> bool | None:
    """Return False where a part is False, else None where a part cannot be told or there is none, else True."""
    if False in parts:
        return False
    return None if None in parts or not parts else True


def above(found: Interval, level: float) -> bool | None:
    """Return whether a number is above a level; None while its interval holds the level, and where there is none."""
    if found.low > level:
        return True
    return False if found.high < level else None


def below(found: Interval, level: float) -> bool | None:
    """Return whether a number is below a level; None while its interval holds the level, and where there is none."""
    over = above(found, level)
    return None if over is None else not over


def within(found: Interval, low: float = -math.inf, high: float = math.inf) -> bool | None:
    """Return whether a value lies between two ends: None where its interval reaches over one of them."""
    if found.count < 2 or math.isnan(found.value):
        return None
    if low <= found.low and found.high <= high:
        return True
    return False if found.high < low or found.low > high else None


def more(found: Comparison, than: float | None = None) -> bool | None:
    """Return whether a difference is above 0 (a ratio above 1), or above ``than``; None while its interval spans it."""
    return above(found.interval, (1.0 if found.kind == "ratio" else 0.0) if than is None else than)


def alike(found: Comparison, within: float) -> bool | None:
    """Return whether two arms are the same up to ``within`` (of a ratio: a factor, as a share above 1)."""
    low, high = found.interval.low, found.interval.high
    if found.kind == "ratio":
        low, high, within = (math.log(max(value, 1e-300)) for value in (low, high, 1 + within))
    if -within <= low and high <= within:
        return True
    return False if low > within or high < -within else None
