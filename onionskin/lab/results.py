"""What was measured, as a question's ``answer`` reads it: values, middles with intervals, and comparisons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from onionskin.errors import OnionskinError
from onionskin.lab.question import Arm, Measure
from onionskin.lab.records import Trial
from onionskin.lab.statistics import Comparison, Interval, Values, amount, difference, interval, ratio


class Results:
    """The trials of one question on one machine.

    Attributes:
        arms: Those with at least one trial, in their order.
        trials: All trials.
        skipped: Why other arms have none, by name.
        measures: The question's.
        is_quick: Whether these are of a quick run.
        comparisons: Every ratio and difference that was asked for, in order: the answer shows them all.
    """

    def __init__(
        self, arms: Sequence[Arm], trials: Sequence[Trial], skipped: Mapping[str, str], measures: Mapping[str, Measure],
        *, is_quick: bool,
    ) -> None:  # fmt: skip
        self.trials = list(trials)
        have = {trial.arm for trial in trials}
        self.arms = [arm for arm in arms if arm.name in have]
        self.skipped = dict(skipped)
        self.measures = measures
        self.is_quick = is_quick
        self.comparisons: list[Comparison] = []

    def __contains__(self, arm: str) -> bool:
        return any(arm == known.name for known in self.arms)

    def by_seed(self, arm: str, measure: str) -> dict[int, float]:
        """Return the finite values of an arm by their seeds."""
        if measure not in self.measures:
            raise OnionskinError(f"no measure '{measure}' in this question", fix="describe it in MEASURES")
        found = {t.seed: t.numbers[measure] for t in self.trials if t.arm == arm and measure in t.numbers}
        return {seed: value for seed, value in sorted(found.items()) if np.isfinite(value)}

    def values(self, arm: str, measure: str) -> Values:
        """Return the values of an arm in the order of their seeds, (n,)."""
        return np.array(list(self.by_seed(arm, measure).values()), np.float64)

    def middle(self, arm: str, measure: str) -> Interval:
        """Return the median (of a score the mean) of an arm, with its interval; NaN where there is no value."""
        values = self.values(arm, measure)
        if not len(values):
            return Interval(float("nan"), float("-inf"), float("inf"), 0)
        return interval(values, self.measures[measure].kind)

    def value(self, arm: str, measure: str) -> float:
        """Return the middle alone."""
        return self.middle(arm, measure).value

    def said(self, arm: str, measure: str) -> str:
        """Return the middle with its unit, as a sentence takes it: ``41 ms``."""
        return amount(self.value(arm, measure), self.measures[measure].unit)

    def ratio(self, top: str, bottom: str, measure: str) -> Comparison:
        """Return how many times as much an arm has as another, and keep it for the answer's page."""
        return self._kept(top, bottom, measure, "ratio")

    def difference(self, one: str, other: str, measure: str) -> Comparison:
        """Return how much more an arm has than another, and keep it for the answer's page."""
        return self._kept(one, other, measure, "difference")

    def compare(self, one: str, other: str, measure: str) -> Comparison:
        """Return the difference of a score, the ratio of anything else."""
        return (self.difference if self.measures[measure].kind == "score" else self.ratio)(one, other, measure)

    def _kept(self, one: str, other: str, measure: str, kind: str) -> Comparison:
        first, second = self.by_seed(one, measure), self.by_seed(other, measure)
        shared = sorted(first.keys() & second.keys())
        paired = len(shared) > 1 or len(shared) == len(first) == len(second)
        seeds = (shared, shared) if paired else (sorted(first), sorted(second))
        a, b = (np.array([of[s] for s in chosen], np.float64)
                for of, chosen in zip((first, second), seeds, strict=True))  # fmt: skip
        if not len(a) or not len(b):
            found = Interval(float("nan"), float("-inf"), float("inf"), 0)
        elif kind == "ratio":
            found = ratio(a, b, paired=paired)
        else:
            found = difference(a, b, paired=paired)
        what = f"{one} / {other}" if kind == "ratio" else f"{one} − {other}"
        unit = self.measures[measure].unit
        kept = Comparison(what, measure, "ratio" if kind == "ratio" else "difference", found, unit)
        self.comparisons.append(kept)
        return kept
