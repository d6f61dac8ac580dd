"""Reads the kept values and the measures of many tensors, in a time that depends on their number and not on their size.

Values are gathered by strided views and one concatenation. Statistics of tensors kept whole are taken later from
those values; a larger tensor is measured here, on evenly spaced contiguous blocks of 262,144 values in all.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from onionskin.recording.manifest import STATISTICS, TensorEntry
from onionskin.recording.statistics import COLUMN
from onionskin.recording.subgrid import MEASURED_BLOCKS, MEASURED_VALUES

Floats = npt.NDArray[np.float32]

#: Beyond these magnitudes the square of a float32 leaves its range: such tensors are scaled before they are squared.
_SQUARABLE = (1e-15, 1e15)


@dataclass(frozen=True)
class Reading:
    """What was read of t tensors of one role.

    Attributes:
        values: (n,) float32, the kept values laid end to end; 0 where a tensor is missing.
        present: (t,) bool.
        measured: (t, len(STATISTICS)), NaN for tensors kept whole.
    """

    values: Floats
    present: npt.NDArray[np.bool_]
    measured: Floats


def read(entries: Sequence[TensorEntry], tensors: Sequence[torch.Tensor | None]) -> Reading:
    """Read the kept values and the measures of tensors, None where there is none."""
    values, present = gather(entries, tensors)
    return Reading(values, present, measure(entries, tensors))


def merge(entries: Sequence[TensorEntry], parts: Sequence[tuple[Sequence[int], Reading]]) -> Reading:
    """Return one reading of all entries out of readings of some, each with the positions that it covers."""
    starts = np.cumsum([0, *(entry.count for entry in entries)])
    whole = Reading(
        np.zeros(starts[-1], np.float32),
        np.zeros(len(entries), np.bool_),
        np.full((len(entries), len(STATISTICS)), np.nan, np.float32),
    )
    for positions, part in parts:
        begin = 0
        for i, position in enumerate(positions):
            count = entries[position].count
            whole.values[starts[position] : starts[position] + count] = part.values[begin : begin + count]
            whole.present[position] = part.present[i]
            whole.measured[position] = part.measured[i]
            begin += count
    return whole


def gather(
    entries: Sequence[TensorEntry], tensors: Sequence[torch.Tensor | None]
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return the kept values of tensors laid end to end, and which tensors are present.

    Args:
        entries: t entries of one role, in the order of their offsets.
        tensors: t tensors of those shapes; None where there is none.

    Returns:
        values: (n,) float32; 0 where a tensor is missing.
        present: (t,) bool.
    """
    present = np.array([tensor is not None for tensor in tensors], np.bool_)
    parts: list[torch.Tensor] = []
    missing: list[tuple[int, int]] = []
    position = 0
    for entry, tensor in zip(entries, tensors, strict=True):
        count = entry.count
        if tensor is None:
            missing.append((position, position + count))
        elif count:
            parts.append(_kept(entry, tensor))
        position += count
    found = _to_numpy(torch.cat(parts)) if parts else np.zeros(0, np.float32)
    if not missing:
        return found, present
    values, taken = np.zeros(position, np.float32), np.ones(position, np.bool_)
    for start, stop in missing:
        taken[start:stop] = False
    values[taken] = found
    return values, present


def measure(entries: Sequence[TensorEntry], tensors: Sequence[torch.Tensor | None]) -> Floats:
    """Return what is measured on more than the kept values: (t, len(STATISTICS)), NaN for tensors kept whole."""
    rows = np.full((len(entries), len(STATISTICS)), np.nan, np.float32)
    broken = []
    for i, (entry, tensor) in enumerate(zip(entries, tensors, strict=True)):
        if tensor is not None and entry.count < entry.size:
            rows[i], finite = _measured(entry, tensor)
            if not finite:
                broken.append(i)
    if broken:  # one value that is not finite: look at every value of every tensor, to name the first one
        for i, (entry, tensor) in enumerate(zip(entries, tensors, strict=True)):
            if tensor is not None and entry.count < entry.size:
                rows[i] = _measured_whole(entry, tensor)
    return rows


def _kept(entry: TensorEntry, tensor: torch.Tensor) -> torch.Tensor:
    if tensor.layout != torch.strided:
        return _kept_of_sparse(entry, tensor)
    source = torch.view_as_real(tensor.resolve_conj()) if tensor.is_complex() else tensor
    if entry.count < entry.size:
        source = source[tuple(slice(None, None, step) for step in entry.strides)]
    return source.reshape(-1).to(torch.float32)


def _kept_of_sparse(entry: TensorEntry, tensor: torch.Tensor) -> torch.Tensor:
    """Return the kept values of a sparse tensor without making it dense: only stored values on the sub-grid count."""
    stored = tensor.to_sparse().coalesce()
    values = stored.values()
    if values.is_complex():
        values = torch.view_as_real(values)
    indices = stored.indices()
    strides = torch.tensor(entry.strides[: len(indices)], device=indices.device)[:, None]
    on_grid = (indices % strides == 0).all(0)
    dense_steps = tuple(slice(None, None, step) for step in entry.strides[len(indices) :])
    grid = torch.zeros(entry.kept, dtype=torch.float32, device=values.device)
    places = tuple((indices[:, on_grid] // strides).unbind(0))
    grid[places] = values[on_grid][(slice(None), *dense_steps)].to(torch.float32)
    return grid.reshape(-1)


def _dense_values(tensor: torch.Tensor) -> torch.Tensor:
    """Return the real values that a tensor stores: all of a dense one, those of a sparse one that are not left out."""
    if tensor.layout != torch.strided:
        tensor = tensor.to_sparse().coalesce().values()
    return torch.view_as_real(tensor.resolve_conj()) if tensor.is_complex() else tensor


def _blocks(values: torch.Tensor) -> torch.Tensor:
    """Return the values that a large tensor is measured on, (n,) float32."""
    size = values.numel()
    if size > MEASURED_VALUES:
        if values.is_contiguous():
            block = MEASURED_VALUES // MEASURED_BLOCKS
            # The last block ends where the tensor ends, so that both ends are seen.
            apart = (size - block) // (MEASURED_BLOCKS - 1)
            values = values.as_strided((MEASURED_BLOCKS, block), (apart, 1), values.storage_offset())
        else:
            values = values[:: math.ceil(size / MEASURED_VALUES)]
    return values.reshape(-1).to(torch.float32)


def _measured(entry: TensorEntry, tensor: torch.Tensor) -> tuple[Floats, bool]:
    """Return the statistics of a large tensor, and whether all that was seen is finite."""
    stored = _dense_values(tensor)
    values = _blocks(stored)
    row = np.full(len(STATISTICS), np.nan, np.float32)
    if not values.numel():
        values = torch.zeros(1, device=values.device)  # a sparse tensor that stores nothing
    low, high = (float(v) for v in torch.aminmax(values))
    largest = max(abs(low), abs(high))
    if not math.isfinite(largest):
        return row, False
    scale = 1.0 if largest == 0 or _SQUARABLE[0] < largest < _SQUARABLE[1] else largest
    scaled = values if scale == 1.0 else values / scale
    sizes = _Sizes(seen=values.numel(), stored=stored.numel(), all=entry.size)
    total, squares = float(values.sum()), float(torch.dot(scaled, scaled)) * scale**2
    _fill(row, sizes, total, squares, _count_zeros(values), low, high)
    return row, True


@dataclass(frozen=True)
class _Sizes:
    """How many values were seen, how many the tensor stores, and how many it has."""

    seen: int
    stored: int
    all: int


def _fill(row: Floats, sizes: _Sizes, total: float, squares: float, zeros: float, low: float, high: float) -> None:
    """Fill in the statistics from sums over the values seen; what a sparse tensor leaves out is 0."""
    is_sparse = sizes.stored < sizes.all
    stand_for = sizes.stored / max(1, sizes.seen)
    mean, mean_square = total * stand_for / sizes.all, squares * stand_for / sizes.all
    row[COLUMN["norm"]] = math.sqrt(mean_square * sizes.all)
    row[COLUMN["mean"]] = mean
    row[COLUMN["std"]] = math.sqrt(max(0.0, mean_square - mean * mean))
    row[COLUMN["min"]] = min(low, 0.0) if is_sparse else low
    row[COLUMN["max"]] = max(high, 0.0) if is_sparse else high
    row[COLUMN["zeros"]] = (zeros * stand_for + sizes.all - sizes.stored) / sizes.all
    row[COLUMN["nan"]] = row[COLUMN["inf"]] = 0


def _measured_whole(entry: TensorEntry, tensor: torch.Tensor) -> Floats:
    """Return the statistics over every value of a large tensor, some not finite, in bounded memory."""
    row = np.full(len(STATISTICS), np.nan, np.float32)
    stored = _dense_values(tensor)
    total = squares = zeros = 0.0
    low, high, nans, infinities, seen = math.inf, -math.inf, 0, 0, 0
    for part in _parts(stored):
        values = part.reshape(-1).to(torch.float64)
        nan, infinite = values.isnan(), values.isinf()
        nans, infinities = nans + int(nan.sum()), infinities + int(infinite.sum())
        finite = values[~(nan | infinite)]
        seen += finite.numel()
        if finite.numel():
            total, squares = total + float(finite.sum()), squares + float(torch.dot(finite, finite))
            zeros += _count_zeros(finite)
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    _fill(row, _Sizes(seen or 1, stored.numel() - nans - infinities, entry.size), total, squares, zeros, low, high)
    row[COLUMN["nan"]], row[COLUMN["inf"]] = nans, infinities
    return row


def _parts(values: torch.Tensor) -> Iterator[torch.Tensor]:
    """Yield a tensor in parts of about a million values."""
    flat = values.view(-1) if values.is_contiguous() else values
    rows = max(1, MEASURED_VALUES * 4 // max(1, flat[0].numel() if len(flat) else 1))
    return (flat[i : i + rows] for i in range(0, len(flat), rows))


def _count_zeros(values: torch.Tensor) -> int:
    """Return how many values are 0. NumPy counts them on a CPU eight times faster than PyTorch does."""
    if values.device.type == "cpu":
        return int(np.count_nonzero(values.numpy() == 0))
    return int((values == 0).sum())


def _to_numpy(tensor: torch.Tensor) -> Floats:
    values: Floats = tensor.detach().cpu().numpy()
    return values
