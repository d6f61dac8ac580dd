"""A picture has at most 4,096 values, evenly spread, and small tensors are whole."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onionskin.recording.subgrid import PICTURE_VALUES, kept_shape, strides

SHAPES = st.lists(st.integers(0, 5000), max_size=5)


@given(SHAPES, st.integers(1, PICTURE_VALUES))
def test_never_more_than_asked(shape: list[int], most: int) -> None:
    kept = kept_shape(shape, strides(shape, most))
    assert math.prod(kept) <= max(most, 0)
    if math.prod(shape) <= most:
        assert list(kept) == shape


@given(st.lists(st.integers(1, 60), min_size=1, max_size=3))
def test_the_address_of_a_kept_value_is_plain(shape: list[int]) -> None:
    tensor = np.arange(math.prod(shape)).reshape(shape)
    steps = strides(shape, 100)
    kept = tensor[tuple(slice(None, None, step) for step in steps)]
    assert kept.shape == kept_shape(shape, steps)
    last = tuple(size - 1 for size in kept.shape)
    assert kept[last] == tensor[tuple(i * step for i, step in zip(last, steps, strict=True))]


@pytest.mark.parametrize(
    ("shape", "kept"),
    [
        ((512, 512, 3, 3), (21, 21, 3, 3)),  # filters stay whole
        ((64, 64), (64, 64)),
        ((50257, 768), (64, 64)),
        ((1000,), (1000,)),
        ((5000,), (2500,)),
        ((), ()),
        ((0, 7), (0, 7)),
    ],
)
def test_short_axes_stay_whole(shape: tuple[int, ...], kept: tuple[int, ...]) -> None:
    got = kept_shape(shape, strides(shape))
    assert math.prod(got) <= PICTURE_VALUES
    assert got == kept


def test_both_ends_are_seen() -> None:
    """The last kept value is less than one stride from the end."""
    for size in (4097, 10_000, 123_457):
        (step,) = strides((size,))
        assert (kept_shape((size,), (step,))[0] - 1) * step >= size - step
