"""Whether a claim came true: yes, no, or "these trials cannot tell", which is what few trials mostly say."""

from __future__ import annotations

import math

from onionskin.lab.statistics import Comparison


def all_of(*parts: bool | None) -> bool | None:
    """Return False where a part is False, else None where a part cannot be told, else True."""
    return False if False in parts else None if None in parts else True


def more(found: Comparison, than: float | None = None) -> bool | None:
    """Return whether a difference is above 0 (a ratio above 1), or above ``than``; None while its interval spans it."""
    level = (1.0 if found.kind == "ratio" else 0.0) if than is None else than
    if found.interval.low > level:
        return True
    return False if found.interval.high < level else None


def alike(found: Comparison, within: float) -> bool | None:
    """Return whether two arms are the same up to ``within`` (of a ratio: a factor, as a share above 1)."""
    low, high = found.interval.low, found.interval.high
    if found.kind == "ratio":
        low, high, within = (math.log(max(value, 1e-300)) for value in (low, high, 1 + within))
    if -within <= low and high <= within:
        return True
    return False if low > within or high < -within else None
