"""Writes a run folder as it grows, in an order that leaves a readable run whenever it is killed."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from onionskin.errors import OnionskinError
from onionskin.recording.arrays import GrowingArray, ScalarTable, group_metadata, save_array, write_json
from onionskin.recording.codes import encode
from onionskin.recording.manifest import STATISTICS, Manifest
from onionskin.recording.pack import pack_arrays, unpack_array
from onionskin.recording.statistics import COLUMN, Floats, Segments, describe, update_ratio
from onionskin.recording.status import MODEL_FILE, Status

#: Freed when the disk is full, so that the run can still say so.
RESERVE_BYTES: Final = 65_536

#: The columns of the ``frames`` array: the optimizer step, seconds since watching began, and the seconds it cost.
FRAME_COLUMNS: Final = ("step", "time", "cost")


@dataclass(frozen=True)
class FrameData:
    """What one frame holds, as the recorder hands it over.

    Attributes:
        step: The optimizer step after which it was taken; 0 before the first.
        time: Seconds since watching began.
        cost: Seconds that taking it cost the training.
        values: For each role (V,) float32: the kept values of its tensors, in the manifest's order.
        present: For each role (t,) bool: which tensors exist in this frame (a gradient may not).
        measured: For each role (t, len(STATISTICS)): what was measured on more than the kept values; else NaN.
        before: (V,) the kept values of the weights before this step, where they were taken.
        outputs: (n,) float32, the probes' outputs laid end to end.
        embedding: (n,) float32.
        exact: ``float32`` and ``float64`` rows: the whole state dict of a small model.
        space: (n,) float32, the maps of ``manifest.space`` laid end to end.
    """

    step: int
    time: float
    cost: float = 0.0
    values: Mapping[str, Floats] = field(default_factory=dict)
    present: Mapping[str, npt.NDArray[np.bool_]] = field(default_factory=dict)
    measured: Mapping[str, Floats] = field(default_factory=dict)
    before: Floats | None = None
    outputs: Floats | None = None
    embedding: Floats | None = None
    exact: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    space: Floats | None = None

    @property
    def nbytes(self) -> int:
        """How many bytes its values take in memory."""
        single = (self.before, self.outputs, self.embedding, self.space)
        arrays = [*self.values.values(), *self.exact.values(), *(array for array in single if array is not None)]
        return sum(array.nbytes for array in arrays)


@dataclass(frozen=True)
class Kept:
    """What is kept of a run that goes on.

    Attributes:
        step: The step that it goes on from.
        frames: How many of its frames were taken up to then.
        arrays: Its arrays that grow, by their path.
        status: What the run says of itself when it goes on.
    """

    step: int
    frames: int
    arrays: tuple[str, ...]
    status: Status


class RunWriter:
    """One run folder, open for writing by one process.

    Args:
        path: The folder to make; its parents are made too.
        manifest: What the run says of itself.
        probe_inputs: The arrays behind ``manifest.probes.inputs``.
        after: What is kept of a run that is there, to go on with it.

    Raises:
        OnionskinError: The path exists, or cannot be made; nothing was written.
        OSError: The disk refused to let an earlier run go on; it opens.
    """

    def __init__(
        self,
        path: Path,
        manifest: Manifest,
        *,
        probe_inputs: Sequence[npt.NDArray[Any]] = (),
        after: Kept | None = None,
    ) -> None:
        self.path = path
        self.frames = after.frames if after else 0
        self.scalars = ScalarTable(path / "scalars")
        self._frames = GrowingArray(
            path / "frames",
            row_shape=(len(FRAME_COLUMNS),),
            dtype="<f8",
            dimensions=("frame", "column"),
            runs_ahead=False,
        )
        self._arrays: dict[str, GrowingArray] = {}
        self.manifest = manifest
        self._layout: dict[str, tuple[npt.NDArray[np.int64], Segments]] = {}
        if after is None:
            self._make_folder()
            self.describe(manifest, probe_inputs)
        else:
            self._go_on(manifest, after)

    def _go_on(self, manifest: Manifest, after: Kept) -> None:
        """Cut an earlier run to what is kept of it. At any moment of this the folder is a run that opens.

        What is packed is laid loose beside itself and taken over by one rename; the run is said to grow, which allows
        arrays to be longer than ``frames``; ``frames`` is cut; and only then what nobody sees any more is removed.
        """
        for name in after.arrays:
            unpack_array(self.path / name)
        (self.path / ".reserve").write_bytes(b"\0" * RESERVE_BYTES)
        self.write_status(after.status)
        self.describe(manifest)
        if "frames" in after.arrays:
            self._frames = GrowingArray.reopened(self.path / "frames", after.frames, runs_ahead=False)
            self._frames.flush()
            self._frames.clear_later()
        if "scalars" in after.arrays:
            self.scalars.reopen(after.step + 1)
        for name in after.arrays:
            if name not in ("frames", "scalars"):
                self._arrays[name] = GrowingArray.reopened(self.path / name, after.frames)
                self._arrays[name].flush()
                self._arrays[name].clear_later()
        (self.path / MODEL_FILE).unlink(missing_ok=True)
        for later in ("landscape", "peel"):  # of the weights that the run ended with
            shutil.rmtree(self.path / later, ignore_errors=True)

    def describe(self, manifest: Manifest, probe_inputs: Sequence[npt.NDArray[Any]] = ()) -> None:
        """Write the manifest; a new one may add tensors at the end and must keep those before. Raises OSError."""
        for place in ("", "pictures", "probes", "probes/input", "exact", *(["space"] if manifest.space else [])):
            (self.path / place).mkdir(exist_ok=True)
            if place:
                write_json(self.path / place / "zarr.json", group_metadata({}))
        for i, array in enumerate(probe_inputs):
            axes = ["probe", *(f"axis{axis}" for axis in range(1, array.ndim))][: array.ndim]
            save_array(self.path / "probes" / "input" / str(i), array, axes)
        write_json(self.path / "zarr.json", group_metadata({"onionskin": manifest.to_json()}))
        self.manifest = manifest
        self._layout = {role: _segments(manifest, role) for role in {t.role for t in manifest.tensors}}
        widths = {f"pictures/{role}": manifest.width(role) for role in self._layout}
        widths |= {f"exact/{dtype}": manifest.exact_width(dtype) for dtype in ("float32", "float64")}
        widths["statistics"] = len(manifest.tensors)
        for name in widths.keys() & self._arrays.keys():
            self._arrays[name].widen(widths[name])

    def add_frame(self, frame: FrameData) -> Floats:
        """Add one frame. It exists for readers after the next :meth:`flush`.

        Returns:
            The statistics of every tensor in this frame: (tensors, len(STATISTICS)).

        Raises:
            OSError: The disk refused. The frame will not exist; the next one takes its place.
        """
        row = self.frames
        statistics = np.full((len(self.manifest.tensors), len(STATISTICS)), np.nan, np.float32)
        for role, (columns, segments) in self._layout.items():
            if role not in frame.values:
                continue
            measures = _measures(frame, role, segments)
            codes, scales = encode(frame.values[role], segments.starts, segments.counts)
            measures[:, COLUMN["scale"]] = scales
            measures[~frame.present[role]] = np.nan
            statistics[columns] = measures
            self._array(f"pictures/{role}", len(codes), "<i2", ("frame", "value")).put(row, codes)
        if self.manifest.tensors:
            shape = statistics.shape
            self._array("statistics", shape, "<f4", ("frame", "tensor", "statistic")).put(row, statistics)
        for name, values in (("probes/outputs", frame.outputs), ("probes/embedding", frame.embedding)):
            if values is not None:
                self._array(name, len(values), "<f4", ("frame", "value")).put(row, values)
        for dtype, values in frame.exact.items():
            self._array(f"exact/{dtype}", len(values), dtype, ("frame", "value")).put(row, values)
        self._put_space(row, frame.space)
        self._frames.put(row, np.array([frame.step, frame.time, frame.cost]))
        self.frames = row + 1
        return statistics

    def _put_space(self, row: int, values: Floats | None) -> None:
        """Code the maps of the input space, each on a scale of its own. A row left out reads as no map."""
        if values is None or self.manifest.space is None:
            return
        counts = np.array(self.manifest.space.counts, np.int64)
        codes, scales = encode(values, np.cumsum(counts) - counts, counts)
        self._array("space/maps", len(codes), "<i2", ("frame", "value")).put(row, codes)
        self._array("space/scales", len(scales), "<f4", ("frame", "map")).put(row, scales)

    def flush(self) -> None:
        """Write what was added: values first, and last the rows of ``frames`` that make them exist. Raises OSError."""
        self.scalars.flush()
        for array in self._arrays.values():
            array.flush()
        self._frames.flush()

    def write_status(self, status: Status) -> None:
        """Write the state of the run. Raises OSError; a full disk is met once with the space held in reserve."""
        content = group_metadata({"status": status.to_json()})
        folder = self.path / "status"
        try:
            write_json(folder / "zarr.json", content)
        except OSError:
            (self.path / ".reserve").unlink(missing_ok=True)
            write_json(folder / "zarr.json", content)

    def finish(self, status: Status) -> None:
        """Write what is left, give every array its exact length, pack them, and write the last status.

        Raises:
            OSError: The disk refused; what was written before stands, and the run says that it is closed.
        """
        try:
            self.flush()
            for array in self._arrays.values():
                array.finish(self.frames)
            pack_arrays(self.path, self.frames)
        finally:
            self.write_status(status)
            (self.path / ".reserve").unlink(missing_ok=True)

    def _array(
        self,
        name: str,
        row_shape: int | tuple[int, ...],
        dtype: str,
        dimensions: Sequence[str],
    ) -> GrowingArray:
        if name not in self._arrays:
            shape = row_shape if isinstance(row_shape, tuple) else (row_shape,)
            self._arrays[name] = GrowingArray(self.path / name, row_shape=shape, dtype=dtype, dimensions=dimensions)
        return self._arrays[name]

    def _make_folder(self) -> None:
        try:
            self.path.mkdir(parents=True)
            (self.path / ".reserve").write_bytes(b"\0" * RESERVE_BYTES)
            (self.path / "status").mkdir()
        except FileExistsError:
            raise OnionskinError(
                f"{self.path} exists already", fix="choose another path with run=…, or remove the old run"
            ) from None
        except OSError as error:
            with contextlib.suppress(OSError):
                (self.path / ".reserve").unlink(missing_ok=True)
                self.path.rmdir()
            raise OnionskinError(
                f"cannot make the run folder {self.path}: {error.strerror}",
                fix="choose a path that you may write to, on a disk with space, with run=…",
            ) from error


def _segments(manifest: Manifest, role: str) -> tuple[npt.NDArray[np.int64], Segments]:
    """Return the rows of ``manifest.tensors`` of one role, and where each lies in a row of its pictures."""
    entries = [(i, tensor) for i, tensor in enumerate(manifest.tensors) if tensor.role == role]
    starts = np.array([tensor.offset for _, tensor in entries], np.int64)
    counts = np.array([tensor.count for _, tensor in entries], np.int64)
    return np.array([i for i, _ in entries], np.int64), Segments(starts, counts)


def _measures(frame: FrameData, role: str, segments: Segments) -> Floats:
    """Return the statistics of one role: what the recorder measured, and the rest from the kept values."""
    rows = describe(frame.values[role], segments)
    if role in frame.measured:
        measured = frame.measured[role]
        rows = np.where(np.isnan(measured), rows, measured)
    if role == "weight" and frame.before is not None:
        width = min(len(frame.before), len(frame.values[role]))  # tensors that joined in this step have no before
        before = np.full(len(frame.values[role]), np.nan, np.float32)
        before[:width] = frame.before[:width]
        rows[:, COLUMN["ratio"]] = update_ratio(before, frame.values[role], segments)
    return rows
