"""Two arms beside each other, where both were measured. A page shows each comparison once, however often asked for."""

from __future__ import annotations

from collections.abc import Sequence

from onionskin.lab.results import Results
from onionskin.lab.statistics import Comparison, Interval


def ratio(results: Results, top: str, bottom: str, measure: str) -> Comparison | None:
    """Return how many times as much an arm has as another; None where one of them was not measured."""
    known = _known(results, f"{top} / {bottom}", measure)
    if known is not None or top not in results or bottom not in results:
        return known
    return results.ratio(top, bottom, measure)


def difference(results: Results, one: str, other: str, measure: str) -> Comparison | None:
    """Return how much more an arm has than another; None where one of them was not measured."""
    known = _known(results, f"{one} − {other}", measure)
    if known is not None or one not in results or other not in results:
        return known
    return results.difference(one, other, measure)


def percent(share: Interval) -> dict[str, float]:
    """Return a share with its ends in percent, as a chart takes them; of one trial, which has no ends, a point."""
    low, high = (share.low, share.high) if share.count > 1 else (share.value, share.value)
    return {"y": 100 * share.value, "low": 100 * max(low, 0.0), "high": 100 * min(high, 1.0)}


def sentence(parts: Sequence[str]) -> str:
    """Return what there is to say as one sentence, also where too little was measured to say anything."""
    said = "; ".join(part for part in parts if part) or "too few arms were measured for an answer"
    return f"{said[:1].upper()}{said[1:]}."


def _known(results: Results, what: str, measure: str) -> Comparison | None:
    return next((c for c in results.comparisons if c.what == what and c.measure == measure), None)
