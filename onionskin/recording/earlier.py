"""What a recording that goes on knows of the run before it: what is kept, and how far it had come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from onionskin.errors import OnionskinError
from onionskin.recording.arrays import read_json
from onionskin.recording.fields import broken
from onionskin.recording.manifest import Manifest
from onionskin.recording.pack import grows_by_frames
from onionskin.recording.reader import Frame, Run, open_run
from onionskin.recording.status import Dropped, Overhead, Status
from onionskin.recording.writer import Kept, RunWriter


@dataclass(frozen=True)
class Earlier:
    """A run that was stopped or killed, up to the step from which it goes on.

    Attributes:
        path: Its folder.
        step: That step.
        seconds: How long it had been watched then.
        frames: The frames up to then.
        status: What it said of itself, less what belongs to later steps; its overhead is that of these seconds.
    """

    path: Path
    step: int
    seconds: float
    frames: tuple[Frame, ...]
    status: Status
    _run: Run

    @property
    def manifest(self) -> Manifest:
        """What it says of its model."""
        return self._run.manifest

    def go_on(self, manifest: Manifest, probe_inputs: Sequence[npt.NDArray[Any]], status: Status) -> RunWriter:
        """Cut the run to what is kept of it, and return it open for writing.

        Args:
            manifest: What the training that goes on says of itself.
            probe_inputs: The arrays behind ``manifest.probes.inputs``.
            status: What the run says of itself from now on.

        Raises:
            OnionskinError: It is the run of another model, or the disk is full: the run is as it was, and opens.
        """
        self._expect(manifest, probe_inputs)
        goes_on = replace(self.manifest, tensors=manifest.tensors, budget=manifest.budget, landscape=None, peel=None)
        kept = Kept(self.step, len(self.frames), tuple(self._arrays()), status)
        try:
            return RunWriter(self.path, goes_on, after=kept)
        except OSError as error:
            raise OnionskinError(f"{self.path} cannot go on: {error.strerror or error}",
                                 fix="make space on the disk, or make it writable") from error  # fmt: skip
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise broken(f"{self.path} has an array that cannot grow ({type(error).__name__}: {error})") from error

    def _arrays(self) -> list[str]:
        """Return the arrays that grow, each looked at by the reader, who takes nothing that fills the memory."""
        names = []
        for path in sorted(self.path.rglob("zarr.json")):
            inside = path.parent.relative_to(self.path)
            is_kept = inside.parts and inside.parts[0] != "peel" and read_json(path).get("node_type") == "array"
            if is_kept and (inside.parts[0] == "scalars" or grows_by_frames(inside)):
                names.append(inside.as_posix())
                self._run.open(names[-1])
        return names

    def _expect(self, manifest: Manifest, probe_inputs: Sequence[npt.NDArray[Any]]) -> None:
        """Raise OnionskinError unless a manifest is of the same model, shown the same probes."""
        before = self.manifest
        for part in ("model", "probes", "exact", "space"):
            if getattr(before, part) != getattr(manifest, part):
                raise self._other(part)
        if manifest.tensors[: len(before.tensors)] != before.tensors:
            raise self._other("tensors")
        shown = self._run.probes.inputs()
        if not all(
            np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in zip(shown, probe_inputs, strict=True)
        ):
            raise self._other("probes")

    def _other(self, part: str) -> OnionskinError:
        what = {"model": f"a {self.manifest.model.type} of {self.manifest.model.parameters:,} parameters",
                "probes": "other probes", "space": "other probes"}.get(part, "a model of other tensors")  # fmt: skip
        fix = "go on with the model and the probes that it was made of, or record to another path"
        return OnionskinError(f"{self.path} is the recording of {what}", fix=fix)


def earlier(path: Path, step: int) -> Earlier:
    """Look at the run that a recording goes on with from a step. Nothing is changed.

    Raises:
        OnionskinError: There is no such run folder, it still grows, it is a thinned copy, or it is damaged.
    """
    if type(step) is not int or step < 0:  # a bool is an int, and no step
        raise OnionskinError(f"continues={step!r} is no step", fix="give the step that the training goes on from")
    run = open_run(path)
    if not path.is_dir():
        raise OnionskinError(f"{path} is no folder", fix="unzip the run, and go on with the folder")
    if run.is_growing:
        raise OnionskinError(f"{path} is still being recorded by process {run.status.pid}",
                             fix="wait until that training has ended, or close its recorder")  # fmt: skip
    if run.manifest.thinned:
        raise OnionskinError(f"{path} is a copy that leaves something out", fix="go on with the run itself")
    frames = tuple(frame for frame in run.frames if frame.step <= step)
    times = run.scalars["time"][: step + 1] if "time" in run.scalars else np.empty(0)
    known = times[np.isfinite(times)]
    seconds = max([0.0, *([float(known[-1])] if len(known) else []), *([frames[-1].time] if frames else [])])
    return Earlier(path, step, seconds, frames, _cut(run.status, step, len(frames), seconds), run)


def _cut(status: Status, step: int, frames: int, seconds: float) -> Status:
    """Return a status without what belongs to later steps, and with the share of its cost that these seconds had."""
    o = status.overhead
    share = min(1.0, seconds / o.wall) if o.wall > 0 else 1.0
    dropped = tuple(Dropped(d.why, min(d.count, step - d.first + 1), d.first, min(d.last, step))
                    for d in status.dropped if d.first <= step)  # fmt: skip
    return replace(
        status,
        overhead=Overhead(seconds, min(o.setup, seconds), share * o.frames, share * o.steps),
        dropped=dropped,
        warnings=tuple(warned for warned in status.warnings if warned.step <= step),
        health=tuple(note for note in status.health if note.step <= step and note.frame < frames),
        model=None,
    )
