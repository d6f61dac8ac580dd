"""Intervals hold what they promise, for few values too, and a ratio that may be chance is never printed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from onionskin.lab.statistics import Comparison, Interval, amount, difference, interval, ratio


@pytest.mark.parametrize("count", [2, 3, 5, 8, 15, 40])
@pytest.mark.parametrize("kind", ["score", "time"])
def test_nineteen_of_twenty_intervals_hold_the_truth(count: int, kind: str) -> None:
    random = np.random.default_rng(count)
    hits = 0
    for _ in range(300):
        values = random.normal(5.0, 1.0, count) if kind == "score" else np.exp(random.normal(0.0, 0.2, count))
        found = interval(values, kind)
        hits += found.low <= (5.0 if kind == "score" else 1.0) <= found.high
    assert hits / 300 > 0.90  # 95 % promised; so few experiments leave it three points of chance, and more to a median


@pytest.mark.parametrize("paired", [True, False])
def test_of_two_that_are_the_same_a_ratio_is_rarely_printed(paired: bool) -> None:
    random = np.random.default_rng(0)
    told = 0
    for _ in range(200):
        one, other = np.exp(random.normal(0, 0.1, (2, 6)))
        told += Comparison("a / b", "seconds", "ratio", ratio(one, other, paired=paired)).differs
    assert told / 200 < 0.12


def test_rounds_that_drift_together_are_compared_within_the_round() -> None:
    random = np.random.default_rng(0)
    drift = np.exp(np.linspace(0, 2, 10))
    one, other = 1.2 * drift * np.exp(random.normal(0, 0.01, 10)), drift * np.exp(random.normal(0, 0.01, 10))
    paired, apart = ratio(one, other, paired=True), ratio(one, other, paired=False)
    assert paired.low > 1.15
    assert paired.high < 1.25
    assert apart.low < 1 < apart.high


def test_one_trial_tells_nothing_about_chance() -> None:
    alone = interval(np.array([3.0]), "score")
    assert (alone.value, alone.low, alone.high) == (3.0, -math.inf, math.inf)
    said = Comparison("a / b", "s", "ratio", ratio(np.array([3.0]), np.array([1.0]), paired=True))
    assert not said.differs
    assert str(said) == "no difference can be told from one trial"


def test_what_is_counted_has_no_width() -> None:
    assert interval(np.array([650.0, 650.0]), "size") == Interval(650.0, 650.0, 650.0, 2)
    said = Comparison("fp32 / fp16", "bytes", "ratio", ratio(np.full(3, 8.0), np.full(3, 4.0), paired=True))
    assert str(said) == "2 ×"


def test_of_nothing_there_is_no_ratio() -> None:
    found = Comparison("a / b", "s", "ratio", ratio(np.array([0.0, 1.0]), np.array([1.0, 2.0]), paired=True))
    assert math.isnan(found.interval.value)
    assert "no difference" in str(found)


def test_how_it_is_said() -> None:
    assert str(Comparison("a / b", "s", "ratio", Interval(2.41, 2.2, 2.6, 9))) == "2.41 × (2.2 to 2.6)"
    assert str(Comparison("a / b", "s", "ratio", Interval(1.01, 0.97, 1.05, 9))) == "no difference found (0.97 to 1.05)"
    points = Comparison("a − b", "accuracy", "difference", Interval(0.012, 0.004, 0.02, 9), "share")
    assert str(points) == "+1.2 points (+0.4 points to +2.0 points)"
    same = difference(np.array([0.5, 0.6, 0.7]), np.array([0.6, 0.5, 0.7]), paired=True)
    assert "no difference found" in str(Comparison("a − b", "accuracy", "difference", same, "share"))


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0.0412, "s", "41.2 ms"),
        (3.1e-6, "s", "3.1 µs"),
        (90.0, "s", "90 s"),
        (46_827_520, "bytes", "46.8 MB"),
        (120.0, "bytes", "120 bytes"),
        (0.9731, "share", "97.3 %"),
        (11_689_512, "parameters", "11.7 M parameters"),
        (650.0, "parameters", "650 parameters"),
        (math.nan, "s", "unknown"),
        (-0.002, "s", "−2 ms"),
        (0.0, "s", "0 s"),
    ],
)
def test_amounts_are_said_as_a_person_would(value: float, unit: str, said: str) -> None:
    assert amount(value, unit) == said
