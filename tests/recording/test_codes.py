"""16-bit codes give the values back to one part in 65,532 of the largest, whatever the values are."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from onionskin.recording.codes import LARGEST, decode, encode

FLOATS = st.floats(width=32, allow_nan=True, allow_infinity=True)
TENSORS = st.lists(arrays.arrays(np.float32, st.integers(0, 40), elements=FLOATS), min_size=1, max_size=6)


@given(TENSORS)
def test_values_come_back(tensors: list[np.ndarray]) -> None:
    counts = np.array([len(t) for t in tensors], np.int64)
    starts = np.cumsum([0, *counts[:-1]])
    codes, scales = encode(np.concatenate(tensors), starts, counts)
    for tensor, start, scale in zip(tensors, starts, scales, strict=True):
        back = decode(codes[start : start + len(tensor)], float(scale))
        finite = np.isfinite(tensor)
        np.testing.assert_array_equal(back[~finite], tensor[~finite])
        largest = np.abs(tensor[finite], dtype=np.float64).max(initial=0)
        if largest > 4e-34:  # below, a tensor is taken for zero
            assert np.abs(back[finite].astype(np.float64) - tensor[finite]).max() <= 0.503 * largest / LARGEST
        else:
            assert not back[finite].any()


def test_the_largest_value_uses_the_whole_range() -> None:
    codes, scales = encode(np.array([1, -2], np.float32), np.array([0]), np.array([2]))
    assert codes.tolist() == [LARGEST // 2, -LARGEST]
    assert decode(codes, float(scales[0])).tolist() == [1, -2]


def test_three_codes_stand_for_what_is_not_finite() -> None:
    values = np.array([np.nan, np.inf, -np.inf, 1], np.float32)
    codes, _ = encode(values, np.array([0]), np.array([4]))
    assert codes.tolist() == [-32768, 32767, -32767, 32766]
