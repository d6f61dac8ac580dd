"""Gradients on their way from the last layer to the first: what several checks compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from onionskin.health import Floats, History
from onionskin.recording.manifest import TensorEntry


@dataclass(frozen=True)
class Way:
    """The way of the gradients through n weight matrices, from the input to the loss.

    Attributes:
        tensors: The gradients, (n,); those that were never there (frozen layers) are no part of the way.
        front: (F, n // 4) their sizes value for value in the first quarter, one matrix at least.
        back: The same in the last quarter.
    """

    tensors: list[TensorEntry]
    front: Floats
    back: Floats


def way(history: History, chain: Sequence[int]) -> Way:
    """Return the way of the gradients through a chain of matrices."""
    sizes = by_value(history, chain)
    there = [place for place in range(len(chain)) if np.isfinite(sizes[:, place]).any()]
    quarter = max(1, len(there) // 4)
    tensors = [history.tensors[chain[place]] for place in there]
    return Way(tensors, front=sizes[:, there[:quarter]], back=sizes[:, there[-quarter:]])


def by_value(history: History, tensors: Sequence[int]) -> Floats:
    """Return the size of tensors value for value: the root mean square of the values that are not 0, (F, n).

    Neither the number of values counts nor, in the gradient of an embedding, the rows that no example used. It is 0
    for a tensor that is all 0, and NaN where there was no tensor, or where only a part was measured and that is 0.
    """
    norms, zeros = history.table("norm", tensors), history.table("zeros", tensors)
    entries = [history.tensors[i] for i in tensors]
    counts = np.array([entry.size for entry in entries], np.float64)
    whole = np.array([entry.measured >= entry.size for entry in entries], np.bool_)
    with np.errstate(all="ignore"):
        values: Floats = norms / np.sqrt(counts * np.clip(1 - zeros, 0.0, 1.0))
    values[~np.isfinite(values) | (norms < 0)] = np.nan
    values[(norms == 0) & whole] = 0.0
    values[(norms == 0) & ~whole] = np.nan
    return values


def share(part: Floats, whole: Floats) -> Floats:
    """Return ``part / whole``, NaN where ``whole`` is not above 0."""
    result: Floats = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return result
