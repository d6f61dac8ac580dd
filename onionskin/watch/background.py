"""Codes and writes frames on a thread of its own, so that a slow disk never holds up the training.

It does not hide cost: on a CPU the training and this thread share the cores, so its CPU time is charged to the budget.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from onionskin.health import History, Series, check_all
from onionskin.recording.manifest import STATISTICS, Manifest
from onionskin.recording.writer import FrameData, RunWriter
from onionskin.watch.ledger import Ledger
from onionskin.watch.logged import Logged

#: What waits is written when scalars are handed over, and after this (seconds) where no steps are made.
FLUSH_SECONDS: Final = 1.25

#: What frames that wait to be written may hold (bytes). When the thread cannot keep up, further frames are dropped.
MOST_WAITING_BYTES: Final = 32 * 2**20

#: Frames and logged values that live health checks look back on; a longer history is thinned.
MOST_REMEMBERED_FRAMES: Final = 256
MOST_REMEMBERED_VALUES: Final = 20_000

#: Health is looked at again when there are this many more frames.
HEALTH_GROWTH: Final = 1.3


@dataclass(frozen=True)
class _Description:
    """A manifest that takes the place of the one before, and the probes if it has them."""

    manifest: Manifest
    probe_inputs: Sequence[npt.NDArray[Any]]


@dataclass(frozen=True)
class _Finish:
    """Ends the thread; ``ended`` says why the training did."""

    ended: str


class Background(threading.Thread):
    """Writes what the recorder hands over, in order.

    Args:
        writer: The open run.
        ledger: Where costs, warnings and notes go.
    """

    def __init__(self, writer: RunWriter, ledger: Ledger) -> None:
        super().__init__(name="onionskin-writer", daemon=True)
        self._writer = writer
        self._ledger = ledger
        self._inbox: queue.SimpleQueue[FrameData | _Description | Logged | threading.Event | _Finish]
        self._inbox = queue.SimpleQueue()
        # Two counts that only grow, each written by one thread: what waits is their difference.
        self._bytes_handed_over = self._bytes_taken = 0
        self._history = _Memory(writer.manifest)
        self._next_health = 8.0

    @property
    def frames_written(self) -> int:
        """How many frames have been coded, and written but for what shares a chunk."""
        return self._writer.frames

    @property
    def seconds_a_frame(self) -> float:
        """The CPU time that this thread has used, per frame written."""
        return self._ledger.writing / max(1, self._writer.frames)

    def add_frame(self, frame: FrameData, cost: float) -> bool:
        """Hand over a frame that took ``cost`` seconds. Returns False when too many wait: the frame is dropped."""
        if self._bytes_handed_over - self._bytes_taken + frame.nbytes > MOST_WAITING_BYTES:
            return False
        self._bytes_handed_over += frame.nbytes
        self._inbox.put(replace(frame, cost=cost))
        return True

    def describe(self, manifest: Manifest, probe_inputs: Sequence[npt.NDArray[Any]] = ()) -> None:
        """Hand over a manifest with more tensors or probes, for the frames to come."""
        self._inbox.put(_Description(manifest, probe_inputs))

    def log(self, logged: Logged) -> None:
        """Hand over scalars. One that is still on an accelerator is waited for here, not in the training."""
        self._inbox.put(logged)

    def remember(self, history: History) -> None:
        """Look back on what was recorded before, where a recording goes on; before the thread starts."""
        self._history.remember(history)
        self._next_health = max(8.0, self._writer.frames * HEALTH_GROWTH)

    def flush(self) -> None:
        """Write all that was handed over, and return when that is done; what the disk refuses is said once."""
        done = threading.Event()
        self._inbox.put(done)
        while self.is_alive() and not done.wait(0.1):
            pass

    def finish(self, ended: str) -> None:
        """Write everything, pack the run and close it."""
        self._inbox.put(_Finish(ended))
        self.join()

    def run(self) -> None:
        """Work until told to finish."""
        next_flush = time.monotonic() + FLUSH_SECONDS
        while True:
            try:
                item = self._inbox.get(timeout=max(0.0, next_flush - time.monotonic()))
            except queue.Empty:
                item = None
            if isinstance(item, _Finish):
                self._finish(item.ended)
                return
            if isinstance(item, threading.Event):
                self._attempt_flush()
                item.set()
                continue
            self._attempt(item)
            if isinstance(item, Logged) or time.monotonic() >= next_flush:
                self._attempt_flush()
                next_flush = time.monotonic() + FLUSH_SECONDS
            self._ledger.writing = time.thread_time()

    def _attempt(self, item: FrameData | _Description | Logged | None) -> None:
        """Do one thing that was handed over; whatever fails is said once, and the thread goes on."""
        try:
            if isinstance(item, FrameData):
                self._bytes_taken += item.nbytes
                self._add(item)
            elif isinstance(item, _Description):
                self._writer.describe(item.manifest, item.probe_inputs)
                self._history.manifest = item.manifest
            elif item is not None:
                self._keep(item)
        except OSError as error:
            self._disk_refused(error, item)
        except Exception as error:  # noqa: BLE001  a recorder's mistake must not end the recording
            self._ledger.warn(
                f"a frame could not be written: {type(error).__name__}: {error}",
                "please report this with the model; the training and the other frames are not affected",
            )
            if isinstance(item, FrameData):
                self._ledger.drop("an error while writing", item.step)

    def _add(self, frame: FrameData) -> None:
        statistics = self._writer.add_frame(frame)
        self._history.add(frame.step, self._writer.frames - 1, statistics)
        if self._writer.frames >= self._next_health:
            self._next_health = self._writer.frames * HEALTH_GROWTH
            self._check_health()

    def _keep(self, logged: Logged) -> None:
        for name, steps, values in logged.columns():
            self._writer.scalars.set(name, steps, values)
            self._history.log(name, steps, values)

    def _attempt_flush(self) -> None:
        for write in (self._writer.flush, lambda: self._writer.write_status(self._ledger.status())):
            try:
                write()
            except OSError as error:
                self._disk_refused(error, None)

    def _check_health(self) -> None:
        try:
            self._ledger.note(check_all(self._history.as_history()))
        except Exception as error:  # noqa: BLE001  a check's mistake costs its notes and nothing else
            self._ledger.warn(
                f"a health check failed: {type(error).__name__}: {error}",
                f"please report this; see 'onionskin health {self._writer.path}'",
            )

    def _finish(self, ended: str) -> None:
        self._check_health()
        self._attempt_flush()  # a disk that refuses has its say in the run before the run is closed
        try:
            self._ledger.writing = time.thread_time()
            self._writer.finish(self._ledger.status(ended=ended))
        except Exception as error:  # noqa: BLE001  as above: the run stays as it is, and opens
            what = error.strerror if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
            self._ledger.warn(
                f"the run {self._writer.path} could not be closed: {what}",
                f"it opens as it is; make space and run 'onionskin pack {self._writer.path}'",
            )

    def _disk_refused(self, error: OSError, item: object) -> None:
        if isinstance(item, FrameData):
            self._ledger.drop("the disk refused", item.step)
        self._ledger.warn(
            f"the disk refused to take the run {self._writer.path}: {error.strerror or error}",
            "make space; frames are kept again as soon as there is some",
        )


class _Memory:
    """The history that live health checks look at, in bounded memory."""

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self._frames: list[tuple[int, int, npt.NDArray[np.float32]]] = []
        self._values: dict[str, Series] = {}

    def remember(self, history: History) -> None:
        rows = zip(history.steps.tolist(), history.frames.tolist(), history.statistics, strict=True)
        self._frames = list(rows)
        while len(self._frames) > MOST_REMEMBERED_FRAMES:
            self._frames = self._frames[::2]
        for name, series in history.scalars.items():
            self.log(name, series.steps, series.values)

    def add(self, step: int, frame: int, statistics: npt.NDArray[np.float32]) -> None:
        self._frames.append((step, frame, statistics))
        if len(self._frames) > MOST_REMEMBERED_FRAMES:
            self._frames = self._frames[::2]

    def log(self, name: str, steps: npt.NDArray[np.int64], values: npt.NDArray[np.float64]) -> None:
        before = self._values.get(name, Series(steps[:0], values[:0]))
        self._values[name] = Series(
            np.concatenate([before.steps, steps])[-MOST_REMEMBERED_VALUES:],
            np.concatenate([before.values, values])[-MOST_REMEMBERED_VALUES:],
        )

    def as_history(self) -> History:
        tensors = self.manifest.tensors
        statistics = np.full((len(self._frames), len(tensors), len(STATISTICS)), np.nan, np.float32)
        for i, (_, _, rows) in enumerate(self._frames):
            statistics[i, : len(rows)] = rows
        return History(
            steps=np.array([step for step, _, _ in self._frames], np.int64),
            frames=np.array([frame for _, frame, _ in self._frames], np.int64),
            tensors=tensors,
            statistics=statistics,
            scalars=dict(self._values),
        )
