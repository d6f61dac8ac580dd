"""Health checks: what a person who knows training would say on seeing this run. One file a check.

A check is a module in this folder with one function, ``check(history) -> Iterator[Note]``. It reads statistics that
were recorded and never the model, so the same file serves while a training is recorded, on any finished run, and on
a machine without PyTorch. Each note is one sentence in plain words with the tensor, the moment and the number.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from onionskin import registry
from onionskin.recording.manifest import STATISTICS, TensorEntry
from onionskin.recording.reader import Run
from onionskin.recording.status import Note

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


#: What is so for a moment passes by itself; a state that lasted for so many frames and steps is worth a sentence.
#: Frames are one step apart at the beginning (the steps decide there) and far apart later (the frames decide).
SUSTAINED_FRAMES: Final = 5
SUSTAINED_STEPS: Final = 20

#: Words in the names of scalars. ``value_loss`` is a critic's, ``loss_scale`` a setting of mixed precision.
_HELD_OUT = frozenset(
    {"val", "valid", "validation", "test", "testing", "eval", "evaluation", "dev", "holdout", "heldout"}
)
_NO_LOSS = frozenset({"scale", "weight", "coef", "lr", "grad"})


@dataclass(frozen=True)
class Series:
    """A scalar as it was logged: the steps that have a value, and the values (which may be NaN or infinite)."""

    steps: npt.NDArray[np.int64]
    values: Floats

    @property
    def finite(self) -> Series:
        """The same without the values that are NaN or infinite."""
        usable = np.isfinite(self.values)
        return self if usable.all() else Series(self.steps[usable], self.values[usable])

    def at(self, step: int) -> float:
        """Return the last value that was logged up to a step; NaN where there is none."""
        index = int(np.searchsorted(self.steps, step, side="right")) - 1
        return float(self.values[index]) if index >= 0 else math.nan


@dataclass(frozen=True)
class Stretch:
    """Frames from ``first`` to ``last`` (both in it) for which something holds; ``is_open`` if it holds to the end."""

    first: int
    last: int
    is_open: bool


@dataclass(frozen=True)
class History:
    """What was recorded so far, as the checks read it.

    Attributes:
        steps: (F,) the step of each frame.
        frames: (F,) the index of each frame in the run; a long history may be thinned.
        tensors: The T recorded tensors.
        statistics: (F, T, S) as in the run.
        scalars: Logged values by name.
    """

    steps: npt.NDArray[np.int64]
    frames: npt.NDArray[np.int64]
    tensors: Sequence[TensorEntry]
    statistics: npt.NDArray[np.float32]
    scalars: Mapping[str, Series] = field(default_factory=dict)

    def of_role(self, role: str) -> list[tuple[int, TensorEntry]]:
        """Return the tensors of a role with their index, in the order of the model."""
        return [(i, tensor) for i, tensor in enumerate(self.tensors) if tensor.role == role]

    def statistic(self, name: str, tensor: int) -> Floats:
        """Return one statistic of one tensor at every frame, (F,); NaN where it was not recorded."""
        return self.table(name, [tensor])[:, 0]

    def table(self, name: str, tensors: Sequence[int]) -> Floats:
        """Return one statistic of several tensors at every frame, (F, n); NaN where it was not recorded."""
        if not len(tensors) or not len(self.steps):
            return np.full((len(self.steps), len(tensors)), np.nan)
        columns: Floats = self.statistics[:, list(tensors), STATISTICS.index(name)].astype(np.float64)
        return columns

    def has_any(self, name: str) -> bool:
        """Return whether a statistic of any tensor was ever above 0."""
        return bool((self.statistics[..., STATISTICS.index(name)] > 0).any()) if self.statistics.size else False

    def in_flow(self, role: str) -> list[int]:
        """Return the tensors of a role in the order in which data flows through their layers.

        That is the order in which the probes' activations were heard; without probes, the order of definition.
        """
        places: dict[str, int] = {}
        for i, tensor in self.of_role("activation"):
            places.setdefault(tensor.name.partition("#")[0], i)
        place, placed = -1, []
        for i, tensor in self.of_role(role):
            place = _place(tensor.module, places, otherwise=place)
            placed.append((place if role != "activation" else i, i))
        return [i for _, i in sorted(placed)]

    def matrices(self, role: str) -> list[int]:
        """Return the tensors of a role with two axes or more (not biases and gains), in the order of the flow."""
        return [i for i in self.in_flow(role) if _axes(self.tensors[i]) >= 2 and self.tensors[i].size]

    def chains(self, role: str) -> list[list[int]]:
        """Return the :meth:`matrices` that one loss trains: all, or with several optimizers those of each model."""
        chains: dict[str, list[int]] = {}
        is_one = not any(name.startswith("lr/") for name in self.scalars)
        for i in self.matrices(role):
            chains.setdefault("" if is_one else self.tensors[i].name.partition(".")[0], []).append(i)
        return list(chains.values())

    def partner(self, tensor: int, role: str) -> int | None:
        """Return the same tensor in another role, None where that is not recorded."""
        return self._index.get((role, self.tensors[tensor].name))

    @cached_property
    def _index(self) -> dict[tuple[str, str], int]:
        return {(tensor.role, tensor.name): i for i, tensor in enumerate(self.tensors)}

    def losses(self, *, held_out: bool = False) -> dict[str, Series]:
        """Return the scalars that are losses by their name, of the training or of held-out data."""
        return {name: s for name, s in self.scalars.items() if is_loss(name) and is_held_out(name) == held_out}

    @cached_property
    def logged_until(self) -> int:
        """The last step whose scalars are all here: while a training runs they come up to a second after the frames."""
        ends = [int(loss.steps[-1]) for loss in self.losses().values() if len(loss.steps)]
        time = self.scalars.get("time")
        if time is None:
            return sys.maxsize
        return max([*ends, int(time.steps[-1]) - 1 if len(time.steps) else -1])

    def stretch(self, holds: Flags, known: Flags) -> Stretch | None:
        """Return the first stretch of frames for which something holds without a break, if it is a sustained one.

        Args:
            holds: (F,) where it holds.
            known: (F,) where that is known; other frames neither hold nor break.
        """
        frames = np.flatnonzero(known)
        edges = np.flatnonzero(np.diff(np.concatenate([[False], holds[frames], [False]]).astype(np.int8)))
        for begin, end in edges.reshape(-1, 2):
            first, last = int(frames[begin]), int(frames[end - 1])
            if end - begin >= SUSTAINED_FRAMES and self.steps[last] - self.steps[first] >= SUSTAINED_STEPS:
                return Stretch(first, last, is_open=bool(end == len(frames)))
        return None

    def when(self, stretch: Stretch) -> str:
        """Return a stretch in words: ``since step 12``, or ``from step 12 to step 400`` when it is over."""
        first, last = int(self.steps[stretch.first]), int(self.steps[stretch.last])
        since = "since the start" if stretch.first == 0 or first <= 1 else f"since step {first:,}"
        return since if stretch.is_open else f"from step {first:,} to step {last:,}"

    def note(self, check: str, sentence: str, *, frame: int, tensor: str = "", value: float) -> Note:
        """Return a note about the ``frame``-th frame of this history."""
        number = value if math.isfinite(value) else 0.0
        return Note(check, sentence, int(self.frames[frame]), int(self.steps[frame]), tensor, number)

    def note_at_step(self, check: str, sentence: str, *, step: int, tensor: str, value: float) -> Note:
        """Return a note about a step; its frame is the last one up to that step, or -1."""
        frame = int(np.searchsorted(self.steps, step, side="right")) - 1
        index = int(self.frames[frame]) if frame >= 0 else -1
        return Note(check, sentence, index, step, tensor, value if math.isfinite(value) else 0.0)


def check_all(history: History) -> tuple[Note, ...]:
    """Run every check and return what they noticed, in the order of the steps."""
    notes: list[Note] = []
    for name in registry.names(sys.modules[__name__]):
        notes.extend(registry.load(sys.modules[__name__], name).check(history))
    return tuple(sorted(notes, key=lambda note: note.step))


def history_of(run: Run) -> History:
    """Return the history of a recorded run. Raises OnionskinError when the run is damaged."""
    return History(
        steps=np.array([frame.step for frame in run.frames], np.int64),
        frames=np.arange(len(run.frames)),
        tensors=run.manifest.tensors,
        statistics=run.statistics,
        scalars={name: series(run.steps, values) for name, values in run.scalars.items()},
    )


def series(steps: npt.NDArray[np.int64], values: npt.NDArray[np.float64]) -> Series:
    """Return the logged part of a column of scalars: a logged NaN has its sign bit set, "not logged" has not."""
    logged = ~np.isnan(values) | np.signbit(values)
    return Series(steps[logged], values[logged])


def is_loss(name: str) -> bool:
    """Return whether a scalar is a loss, by its name: ``loss``, ``train/nll``, ``critic_loss``."""
    words = _words(name)
    return any("loss" in word or word in ("nll", "bpc", "bpb") for word in words) and not _NO_LOSS & set(words)


def is_held_out(name: str) -> bool:
    """Return whether a scalar is of data that is held out of the training, by its name: ``val_loss``, ``loss/test``."""
    return any(word.removesuffix("loss") in _HELD_OUT for word in _words(name))


def topic(name: str) -> str:
    """Return what a loss is of, whatever the data: empty for ``loss``, ``train_loss`` and ``val_loss``."""
    words = [word for word in _words(name) if word not in _HELD_OUT and word not in ("train", "training")]
    return " ".join(word.removesuffix("loss") for word in words if word.removesuffix("loss") not in _HELD_OUT | {""})


def brief(value: float) -> str:
    """Return a number as one would say it: ``0.0012``, ``2.3e-7``, ``48,210``."""
    if 10 <= abs(value) < 1e6 or value in range(-9, 10):
        return f"{value:,.0f}"
    mantissa, _, exponent = f"{value:.2g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa


def median(table: Floats, axis: int) -> Floats:
    """Return the median of the values that are not NaN along an axis; NaN where there is none, without a warning."""
    rows = np.moveaxis(table, axis, -1)
    result: Floats = np.full(rows.shape[:-1], np.nan)
    filled = ~np.isnan(rows).all(-1)
    with np.errstate(all="ignore"):
        if filled.any():
            result[filled] = np.nanmedian(rows[filled], -1)
    return result


def _axes(tensor: TensorEntry) -> int:
    """Return how many axes a tensor has; a complex one is recorded with one more."""
    return len(tensor.shape) - tensor.dtype.startswith("complex")


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[^a-z]+", name.lower()) if word]


def _place(module: str, places: Mapping[str, int], otherwise: int) -> int:
    """Return where the module that owns a tensor, or the nearest one around it, stands in the flow."""
    while module and module not in places:
        module = module.rpartition(".")[0]
    return places.get(module, otherwise)
