"""Whether a number is beyond a level, as far as its interval tells."""

from __future__ import annotations

from onionskin.lab.statistics import Interval


def above(found: Interval, level: float) -> bool | None:
    """Return whether a number is above a level; None while its interval holds the level, and where there is none."""
    if found.low > level:
        return True
    return False if found.high < level else None


def below(found: Interval, level: float) -> bool | None:
    """Return whether a number is below a level; None while its interval holds the level, and where there is none."""
    over = above(found, level)
    return None if over is None else not over
