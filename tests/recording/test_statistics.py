"""Statistics of many tensors at once are those of each tensor alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from onionskin.recording.statistics import COLUMN, Segments, describe, update_ratio

ORDINARY = st.floats(-1e6, 1e6, width=32)


def _laid_out(tensors: list[np.ndarray]) -> tuple[np.ndarray, Segments]:
    counts = np.array([t.size for t in tensors], np.int64)
    return np.concatenate(tensors), Segments(np.cumsum([0, *counts[:-1]]), counts)


@given(st.lists(arrays.arrays(np.float32, st.integers(1, 30), elements=ORDINARY), min_size=1, max_size=5))
def test_each_tensor_by_itself(tensors: list[np.ndarray]) -> None:
    rows = describe(*_laid_out(tensors))
    for tensor, row in zip(tensors, rows, strict=True):
        wide = tensor.astype(np.float64)
        assert row[COLUMN["norm"]] == pytest.approx(np.linalg.norm(wide), rel=1e-6)
        assert row[COLUMN["mean"]] == pytest.approx(wide.mean(), rel=1e-6, abs=1e-6 * np.abs(wide).max() + 2e-45)
        assert row[COLUMN["std"]] == pytest.approx(wide.std(), rel=1e-4, abs=1e-6 * np.abs(wide).max() + 2e-45)
        assert row[COLUMN["min"]] == tensor.min()
        assert row[COLUMN["max"]] == tensor.max()
        assert row[COLUMN["zeros"]] == pytest.approx((tensor == 0).mean())


def test_what_is_not_finite_is_counted_and_left_out() -> None:
    rows = describe(*_laid_out([np.array([3, 4, np.nan, np.inf, -np.inf, 0], np.float32), np.array([1], np.float32)]))
    assert rows[0, COLUMN["norm"]] == 5
    assert rows[0, COLUMN["mean"]] == pytest.approx(7 / 3)
    assert (rows[0, COLUMN["min"]], rows[0, COLUMN["max"]]) == (0, 4)
    assert (rows[0, COLUMN["nan"]], rows[0, COLUMN["inf"]]) == (1, 2)
    assert rows[1, COLUMN["nan"]] == 0


def test_an_empty_tensor_has_none() -> None:
    rows = describe(*_laid_out([np.zeros(0, np.float32), np.ones(2, np.float32)]))
    assert np.isnan(rows[0, COLUMN["norm"]])
    assert rows[1, COLUMN["norm"]] == pytest.approx(np.sqrt(2))


def test_the_update_ratio_is_the_length_of_the_step() -> None:
    before, segments = _laid_out([np.array([3, 4], np.float32), np.zeros(2, np.float32)])
    ratio = update_ratio(before, before + np.array([0, 0.05, 1, 1], np.float32), segments)
    assert ratio[0] == pytest.approx(0.01, rel=1e-5)
    assert np.isnan(ratio[1])  # nothing to compare a first step from zero with
