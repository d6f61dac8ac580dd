"""Which values of a tensor a frame keeps: a fixed-size, evenly spaced sub-grid of real values, never averages.

A picture costs the same whether the tensor has five thousand values or five hundred million, so a frame costs
by layers and not by parameters. Every axis is walked with one integer stride, so that a kept value has a plain
address: ``picture[i, j] = tensor[i * stride_i, j * stride_j]``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

#: The most values of one tensor that a frame keeps.
PICTURE_VALUES = 4096

#: Tensors up to this size have exact statistics; larger ones are measured on evenly spaced blocks of this many
#: values in all. 262,144 float32 values are 1 MiB: they stay in a core's cache while five statistics are taken.
MEASURED_VALUES = 262_144

#: A larger tensor is measured on this many contiguous blocks: long enough to read at full memory speed.
MEASURED_BLOCKS = 32


def strides(shape: Sequence[int], most: int = PICTURE_VALUES) -> tuple[int, ...]:
    """Return one stride an axis so that at most ``most`` values are kept, spread evenly over the whole tensor.

    Axes are filled like vessels with one water level: no axis keeps more than the level, so short axes (the 3 × 3
    of a filter) stay whole and only long ones are thinned.

    Args:
        shape: The tensor's shape; may be empty (a 0-d tensor) or contain zeros.
        most: The most values to keep, at least 1.
    """
    if math.prod(shape) <= most:
        return (1,) * len(shape)
    low, high = 1, max(shape)
    while low < high:
        level = (low + high + 1) // 2
        if math.prod(kept_shape(shape, _strides_at(shape, level))) <= most:
            low = level
        else:
            high = level - 1
    return _strides_at(shape, low)


def kept_shape(shape: Sequence[int], steps: Sequence[int]) -> tuple[int, ...]:
    """Return the shape of ``tensor[::steps[0], ::steps[1], ...]``."""
    return tuple(-(-size // step) for size, step in zip(shape, steps, strict=True))


def _strides_at(shape: Sequence[int], level: int) -> tuple[int, ...]:
    return tuple(-(-size // min(size, level)) if size else 1 for size in shape)


def measured_values(size: int) -> int:
    """Return how many of a tensor's ``size`` values its statistics are taken from."""
    if size <= MEASURED_VALUES:
        return size
    return MEASURED_BLOCKS * (MEASURED_VALUES // MEASURED_BLOCKS)
