"""For whom the model works, and whom it fails: its measure by group, with counts, intervals and calibration.

Papers: Chung, Kraska, Polyzotis, Tae & Whang (2019), "Slice Finder", arXiv 1807.06068; Guo, Pleiss, Sun & Weinberger
(2017), "On calibration of modern neural networks", arXiv 1706.04599.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from onionskin.errors import OnionskinError
from onionskin.learn.calibration import Calibration, calibrated
from onionskin.learn.goals.any_of import AnyOf
from onionskin.learn.goals.one_of import OneOf
from onionskin.learn.groups import Group, groups, table_of
from onionskin.learn.intervals import chances, fisher, holm
from onionskin.learn.judged import Judged, Score, judged, score
from onionskin.learn.report import Axis, Block, Caution, Chart, Report, Series, Table, Text

if TYPE_CHECKING:
    from onionskin.learn.learner import Learner

#: A group is failed where chance, after all groups that were looked at, would do so in at most 5 of 100 cases.
_CHANCE: Final = 0.05

#: Groups in a chart: more names are not read.
_MOST_DRAWN: Final = 40
_MOST_LISTED: Final = 200


@dataclass(frozen=True)
class Slice:
    """A group as it was measured.

    Attributes:
        group: Which examples.
        count: How many.
        value, low, high: The measure, and its interval of 95 %.
        rest: The measure of all others.
        chance: How often chance does as badly to a group of this size, after Holm over all groups looked at.
        is_failed: Whether that is rare, and the group does worse than the rest.
    """

    group: Group
    count: int
    value: float
    low: float
    high: float
    rest: float
    chance: float
    is_failed: bool


def slices(learner: Learner, by: Any = None, *, part: str = "valid", fewest: int = 10, cross: bool = False) -> Report:
    """Return the measure by group, who is failed, and how far the model's confidence can be trusted.

    Args:
        learner: With its data.
        by: What to group by: the names of columns, or a CSV file, DataFrame or Series of your own; by default all that
            is known. See :func:`onionskin.learn.groups.table_of`.
        part: ``valid``: the examples held out; or ``train``.
        fewest: Groups with fewer examples are left out.
        cross: Whether to look at each pair of columns as well.

    Raises:
        OnionskinError: There is no such column or file, or nothing to group by.
    """
    if fewest < 2:
        raise OnionskinError(f"fewest={fewest!r}", fix="give 2 or more: one example has no interval")
    seen = judged(learner, part)
    measure = score(seen)
    table = table_of(seen, by)
    if not len(table.columns):
        raise OnionskinError(f"{seen.domain.name} knows nothing of its examples to group them by",
                             fix="give a CSV file or a Series of your own: slices(by=…)")  # fmt: skip
    looked_at = list(groups(table, fewest=fewest, cross=cross))
    measured = sliced(looked_at, measure)
    calibration = calibrated(seen.outputs, seen.targets) if isinstance(seen.domain.goal, OneOf | AnyOf) else None
    return _report(seen, measure, measured, calibration, fewest)


def sliced(looked_at: Sequence[Group], measure: Score) -> list[Slice]:
    """Return the groups as they were measured, the worst first."""
    if measure.is_share:
        right, count = measure.top.sum(), len(measure.top)
        raw = [fisher(int(r := measure.top[g.inside].sum()), int(n := g.inside.sum()), int(right - r), int(count - n))
               for g in looked_at]  # fmt: skip
    else:
        raw = chances(measure.top, measure.bottom, [g.inside for g in looked_at], higher=measure.higher)
    found = []
    for group, chance in zip(looked_at, holm(raw), strict=True):
        value, rest = measure.value(group.inside), measure.value(~group.inside)
        low, high = measure.interval(group.inside)
        is_worse = value < rest if measure.higher else value > rest
        failed = bool(is_worse and chance < _CHANCE)
        found.append(Slice(group, int(group.inside.sum()), value, low, high, rest, chance, failed))
    sign = 1 if measure.higher else -1
    return sorted(found, key=lambda s: (not s.is_failed, s.value != s.value, sign * s.value))


def _report(seen: Judged, measure: Score, found: list[Slice], calibration: Calibration | None, fewest: int) -> Report:
    failed = [s for s in found if s.is_failed]
    blocks: list[Block] = []
    blocks += [Caution(_in_words(s, measure, len(found)), _remedy(s)) for s in failed[:10]]
    if not failed:
        blocks.append(Text(_nobody(found, measure)))
    columns = ["group", "value", "examples", measure.name, "from", "to", "the rest", "chance", "failed"]
    rows = [(s.group.column, s.group.value, s.count, s.value, s.low, s.high, s.rest, s.chance, s.is_failed)
            for s in found[:_MOST_LISTED]]  # fmt: skip
    if found:
        blocks.append(_chart(found, measure))
        caption = (f"groups of {fewest} examples or more, those that are failed first; from and to are the "
                   "interval of 95 %; "
                   f"chance: how often chance alone does so to one of {len(found)} groups (Holm)")  # fmt: skip
        blocks.append(Table(columns, rows, caption))
    if calibration:
        blocks += _calibration(calibration)
    overall = f"{measure.name} is {measure.shown_with()} on {len(seen.rows):,} examples"
    if failed:
        worst = failed[0]
        some = "1 group is failed" if len(failed) == 1 else f"{len(failed)} groups are failed"
        answer = f"{overall}; {some}, {worst.group.name} most: {measure.shown(worst.value)} of {worst.count:,}."
    else:
        answer = f"{overall}; of {len(found)} groups, none is failed beyond chance."
    facts = {"examples": len(seen.rows), "groups": len(found), "failed": len(failed),
             measure.name.lower(): measure.value(),
             "failed_most": failed[0].group.name if failed else None}  # fmt: skip
    if calibration:
        facts |= {"calibration_error": calibration.error, "temperature": calibration.temperature}
    return Report("slices", "For whom it works, and whom it fails", answer, blocks, facts)


def _in_words(s: Slice, measure: Score, looked_at: int) -> str:
    return (f"{s.group.name} is failed: {measure.name} {measure.shown(s.value)} ({measure.shown(s.low)} to "
            f"{measure.shown(s.high)}) of {s.count:,} examples, against {measure.shown(s.rest)} of all others. "
            "Chance alone "
            f"does so to one of {looked_at} groups in {_percent(s.chance)} of cases.")  # fmt: skip


def _percent(chance: float) -> str:
    return f"{100 * chance:.1g} %" if chance >= 1e-4 else "less than 0.01 %"


def _remedy(s: Slice) -> str:
    return (f"look at the worst of them, and at their labels; gather more like them than these {s.count:,}; and "
            "until then "
            "say so where the model is used")  # fmt: skip


def _nobody(found: Sequence[Slice], measure: Score) -> str:
    if not found:
        return "No group has enough examples to be measured."
    small = min(found, key=lambda s: s.count)
    return (f"None of {len(found)} groups does worse than the rest beyond chance. That is no proof that none is "
            "failed: "
            f"the smallest, {small.group.name}, has {small.count:,} examples, and its {measure.name} lies "
            "anywhere from "
            f"{measure.shown(small.low)} to {measure.shown(small.high)}.")  # fmt: skip


def _chart(found: Sequence[Slice], measure: Score) -> Chart:
    drawn = found[:_MOST_DRAWN]
    places = list(range(len(drawn)))
    series = [Series(measure.name, places, [s.value for s in drawn], [s.low for s in drawn], [s.high for s in drawn],
                     mark="points"),
              Series("all", [0, len(drawn) - 1], [measure.value()] * 2)]  # fmt: skip
    return Chart(Axis("group", ticks=[s.group.name for s in drawn]), Axis(measure.name), series,
                 caption=f"with intervals of 95 %; the worst {len(drawn)} of {len(found)}")  # fmt: skip


def _calibration(c: Calibration) -> list[Block]:
    sure = [b.confidence for b in c.bins]
    series = [
        Series("right", sure, [b.right for b in c.bins], [b.interval[0] for b in c.bins],
               [b.interval[1] for b in c.bins], mark="points"),
        Series("as sure as right", [min(sure), 1], [min(sure), 1]),
    ]  # fmt: skip
    gap = c.confidence - c.right
    side = f"too sure by {100 * gap:.1f} points" if gap > 0 else f"too modest by {-100 * gap:.1f} points"
    words = (f"On average it is {side}: it says {100 * c.confidence:.1f} %, and {100 * c.right:.1f} % are "
             "right. The expected "
             f"calibration error is {100 * c.error:.1f} points.")  # fmt: skip
    if c.temperature is not None and c.error_after is not None:
        helps = "would leave" if c.error_after < c.error else "would not help: it leaves"
        words += (f" Dividing its logits by {c.temperature:.2f} (temperature scaling, fitted on one half of "
                  "these examples and "
                  f"measured on the other) {helps} {100 * c.error_after:.1f}.")  # fmt: skip
    rows = [(f"{100 * b.low:.0f} to {100 * b.high:.0f} %", b.count, b.confidence, b.right, *b.interval) for b in c.bins]
    return [
        Text(words),
        Chart(Axis("confidence"), Axis("share that is right"), series, caption="reliability, with intervals of 95 %"),
        Table(["confidence", "examples", "mean", "right", "from", "to"], rows, "the same as numbers"),
    ]
