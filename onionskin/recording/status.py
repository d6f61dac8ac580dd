"""What a run says of itself while it grows: whether it lives, what it cost, what went wrong, what was noticed.

It stands in the attributes of the ``status`` group and is rewritten about once a second.
"""

from __future__ import annotations

import os
import socket
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from onionskin.recording.fields import Fields

#: A growing run that has said nothing for this long (seconds) was killed. The recorder speaks every second.
SILENCE_SECONDS: Final = 10.0


#: The model as ONNX, in the run folder.
MODEL_FILE: Final = "model.onnx"


@dataclass(frozen=True)
class ModelFile:
    """What others can run the model from, :data:`MODEL_FILE`: how large it is, and the seconds that writing it took.

    These seconds were spent after the last step. They are no part of the overhead, nor of its wall time.
    """

    bytes: int
    seconds: float


@dataclass(frozen=True)
class Warned:
    """Something went less well than asked: what, at which step, and the remedy."""

    step: int
    what: str
    fix: str


@dataclass(frozen=True)
class Dropped:
    """Frames that were due and not kept: why, how many, the first and the last step."""

    why: str
    count: int
    first: int
    last: int


@dataclass(frozen=True)
class Note:
    """A health note: one sentence in plain words, and the tensor, the moment and the number behind it.

    Attributes:
        check: The name of the check that noticed it.
        sentence: What it noticed.
        frame: The index of the frame, or -1 when only the step is known.
        step: The step.
        tensor: The tensor or scalar concerned; empty for the whole run.
        value: The number that triggered it.
    """

    check: str
    sentence: str
    frame: int
    step: int
    tensor: str
    value: float


@dataclass(frozen=True)
class Overhead:
    """What recording cost, in seconds of wall time, by the recorder's own clock.

    Attributes:
        wall: From the start of watching to now.
        setup: Following the graph and making the folder.
        frames: Taking frames, and the CPU time of coding and writing them on the writer's thread.
        steps: Between frames: the hook on every step, and logged scalars.
    """

    wall: float = 0.0
    setup: float = 0.0
    frames: float = 0.0
    steps: float = 0.0

    @property
    def seconds(self) -> float:
        """All that was taken."""
        return self.setup + self.frames + self.steps

    @property
    def share(self) -> float:
        """The share of wall time taken, from 0 to 1."""
        return self.seconds / self.wall if self.wall > 0 else 0.0


@dataclass(frozen=True)
class Status:
    """The state of a run at one moment.

    Attributes:
        state: ``growing`` or ``closed``.
        updated: When this was written, in seconds since 1970.
        pid, host: The process that writes it.
        ended: Why it closed: ``finished``, or the name of the exception that ended the training.
        model: The model as ONNX, if it was kept.
    """

    state: str
    updated: float
    pid: int
    host: str
    ended: str = ""
    overhead: Overhead = field(default_factory=Overhead)
    dropped: tuple[Dropped, ...] = ()
    warnings: tuple[Warned, ...] = ()
    health: tuple[Note, ...] = ()
    model: ModelFile | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the attributes of the ``status`` group."""
        content = asdict(self)
        content["overhead"]["share"] = self.overhead.share
        return content

    def is_growing(self, now: float) -> bool:
        """Return whether somebody still writes the run, at ``now`` seconds since 1970."""
        if self.state != "growing" or now - self.updated > SILENCE_SECONDS:
            return False
        return self.host != socket.gethostname() or _is_alive(self.pid)


def status_from_json(content: object) -> Status:
    """Read a status that may come from a stranger. Raises OnionskinError."""
    f = Fields(content, "status")
    o = f.inner("overhead")
    model = f.optional("model", f.inner)
    return Status(
        state=f.text("state"),
        updated=f.number("updated"),
        pid=f.whole("pid"),
        host=f.text("host"),
        ended=f.text("ended", otherwise=""),
        overhead=Overhead(
            wall=o.number("wall"), setup=o.number("setup"), frames=o.number("frames"), steps=o.number("steps")
        ),
        dropped=f.items(
            "dropped", lambda d: Dropped(d.text("why"), d.whole("count"), d.whole("first"), d.whole("last"))
        ),
        warnings=f.items("warnings", lambda w: Warned(w.whole("step"), w.text("what"), w.text("fix"))),
        health=f.items("health", _note),
        model=None if model is None else ModelFile(model.whole("bytes"), model.number("seconds")),
    )


def _note(f: Fields) -> Note:
    return Note(
        check=f.text("check"),
        sentence=f.text("sentence"),
        frame=int(f.number("frame")),
        step=f.whole("step"),
        tensor=f.text("tensor", otherwise=""),
        value=f.number("value"),
    )


def _is_alive(pid: int) -> bool:
    if os.name == "nt":  # there, signal 0 is Ctrl-C: the silence has to tell
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True  # it lives and belongs to somebody else, or cannot be asked: the silence will tell
    return True
