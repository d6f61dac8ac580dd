"""The recorder's account of itself: what it cost, what it could not do, what was noticed. It becomes the status."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from onionskin.errors import OnionskinWarning
from onionskin.recording.earlier import Earlier
from onionskin.recording.status import Dropped, ModelFile, Note, Overhead, Status, Warned

#: Warnings kept in a run; the same thing is said once, so more than this is a storm.
MOST_WARNINGS = 100


@dataclass
class Ledger:
    """Written by the training's thread and the writer's; read by the writer's.

    Attributes:
        setup, frames, steps: Seconds spent, as in ``Overhead``.
        writing: CPU seconds of the writer's thread, a part of ``frames``.
        afterwards: Seconds spent after the training had ended: they are no part of the time that it took.
        model: What others can run the model from, if it was kept.
    """

    began: float = field(default_factory=time.perf_counter)
    setup: float = 0.0
    frames: float = 0.0
    steps: float = 0.0
    writing: float = 0.0
    afterwards: float = 0.0
    step: int = 0
    model: ModelFile | None = None
    _warned: dict[str, Warned] = field(default_factory=dict)
    _dropped: dict[str, Dropped] = field(default_factory=dict)
    _notes: dict[tuple[str, str], Note] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def after(cls, earlier: Earlier) -> Self:
        """Return the account of a recording that goes on: its clock stands where the earlier one stood."""
        status = earlier.status
        o = status.overhead
        ledger = cls(time.perf_counter() - earlier.seconds, o.setup, o.frames, o.steps, step=earlier.step)
        ledger._warned = {warned.what: warned for warned in status.warnings}
        ledger._dropped = {dropped.why: dropped for dropped in status.dropped}
        ledger._notes = {(note.check, note.tensor): note for note in status.health}
        return ledger

    @property
    def spent(self) -> float:
        """All seconds taken so far, but for the setup."""
        return self.frames + self.writing + self.steps

    def now(self) -> float:
        """Return the seconds since watching began."""
        return time.perf_counter() - self.began

    def warn(self, what: str, fix: str) -> None:
        """Say once that something went less well than asked, and go on. Never raises."""
        with self._lock:
            if what in self._warned or len(self._warned) >= MOST_WARNINGS:
                return
            self._warned[what] = Warned(self.step, what, fix)
        text = f"{what}\n  fix: {fix}"
        try:
            warnings.warn(text, OnionskinWarning, stacklevel=2)
        except OnionskinWarning:  # warnings are errors in this program, but a training is not stopped by a recorder
            print(f"onionskin: {text}", file=sys.stderr)

    def drop(self, why: str, step: int, count: int = 1, last: int | None = None) -> None:
        """Note that frames that were due were not kept."""
        with self._lock:
            before = self._dropped.get(why)
            first = step if before is None else before.first
            total = count + (0 if before is None else before.count)
            self._dropped[why] = Dropped(why, total, first, step if last is None else last)

    def note(self, notes: Iterable[Note]) -> None:
        """Keep health notes; the first one of a check and tensor stands."""
        with self._lock:
            for note in notes:
                self._notes.setdefault((note.check, note.tensor), note)

    def status(self, *, ended: str | None = None) -> Status:
        """Return the state of the run now: growing, or closed because of ``ended``."""
        with self._lock:
            return Status(
                state="growing" if ended is None else "closed",
                updated=time.time(),
                pid=os.getpid(),
                host=socket.gethostname(),
                ended=ended or "",
                overhead=Overhead(self.now() - self.afterwards, self.setup, self.frames + self.writing, self.steps),
                dropped=tuple(self._dropped.values()),
                warnings=tuple(self._warned.values()),
                health=tuple(sorted(self._notes.values(), key=lambda note: note.step)),
                model=self.model,
            )
