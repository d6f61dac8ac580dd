"""Intervals hold what they promise, and looking at many groups finds none by chance alone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, fisher_exact

from onionskin.learn.intervals import bootstrap, chances, fisher, holm, wilson


def test_wilson_is_the_published_interval() -> None:
    """Newcombe (1998), table I: 81 of 263, and 0 of 20."""
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
def test_wilson_covers_the_truth(share: float) -> None:
    """Over all outcomes of 200 examples, in 93 to 98 % of cases."""
    covered = 0.0
    for right in range(201):
        low, high = wilson(right, 200)
        covered += binom.pmf(right, 200, share) * (low <= share <= high)
    assert 0.93 <= covered <= 0.98


def test_the_bootstrap_covers_the_truth() -> None:
    random = np.random.default_rng(0)
    inside = 0
    for _ in range(100):
        top = random.normal(3, 1, 80)
        low, high = bootstrap(top, np.ones(80), lambda ratio: ratio)
        inside += low <= 3 <= high
    assert 88 <= inside <= 99


def test_fisher_is_scipys() -> None:
    for right, count, rest, others in [(3, 10, 90, 100), (10, 10, 50, 60), (0, 5, 5, 5)]:
        table = [[right, count - right], [rest, others - rest]]
        assert fisher(right, count, rest, others) == pytest.approx(fisher_exact(table, alternative="less").pvalue)


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []


def test_chance_alone_fails_nobody() -> None:
    """Of data sets without any difference, Holm finds one in about 1 of 20, and a real one is found."""
    random = np.random.default_rng(1)
    groups = [np.arange(200) % 5 == k for k in range(5)]
    found = 0
    for seed in range(30):
        top = random.normal(0, 1, 200) ** 2
        found += min(holm(chances(top, np.ones(200), groups, higher=False, seed=seed))) < 0.05
    assert found <= 5
    top = random.normal(0, 1, 200) ** 2 + 2 * groups[2]
    adjusted = holm(chances(top, np.ones(200), groups, higher=False))
    assert np.argmin(adjusted) == 2
    assert adjusted[2] < 0.01
