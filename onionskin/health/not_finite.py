"""NaN or infinity: the first tensor that holds it, and the first loss.

A frame is read after a step, so in one frame gradients are the oldest news, then weights, then the probes' activations.
In a backward pass the trouble spreads from the loss to the input, in a forward pass from the input to the output: the
source is the last gradient, or the first activation, in the order of the data's flow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from onionskin.health import Flags, Floats, History, Series, brief
from onionskin.recording.status import Note

#: Gradients that are not finite do no harm where the step is skipped (mixed precision): only so many in a row do.
SKIPPED_STEPS: Final = 3

#: A tensor that claims more is not believed, but still told.
MOST_VALUES: Final = 1e15

MOST_NOTES: Final = 5


def check(history: History) -> Iterator[Note]:
    """Yield a note about the first tensor that is not finite, and one about each loss."""
    yield from _first_tensor(history)
    losses = history.losses() | history.losses(held_out=True)
    notes = [note for name, loss in losses.items() for note in _first_value(history, name, loss)]
    yield from sorted(notes, key=lambda note: note.step)[: MOST_NOTES - 1]


@dataclass(frozen=True)
class _Trouble:
    """The tensors of one role in the order of the flow, and where each is not finite, (F, n)."""

    tensors: list[int]
    nans: Floats
    infinities: Floats

    @property
    def is_bad(self) -> Flags:
        # What is infinite from the first frame on is meant: the mask of an attention, a bound.
        meant = self.infinities[:1] if len(self.infinities) else 0.0
        return (self.nans > 0) | (self.infinities > meant)


def _first_tensor(history: History) -> Iterator[Note]:
    """Yield a note about the first frame with NaN or infinity, and in it about the tensor nearest to the source."""
    if not history.has_any("nan") and not history.has_any("inf"):
        return
    troubles = {role: _trouble(history, role) for role in ("gradient", "weight", "activation")}
    bad = {role: trouble.is_bad for role, trouble in troubles.items()}
    bad["gradient"] &= _did_harm(history, troubles, bad)
    frames = {role: int(np.argmax(flags.any(1))) for role, flags in bad.items() if flags.any()}
    if not frames:
        return
    role = min(frames, key=lambda role: frames[role])  # in the same frame: gradient, then weight, then activation
    frame, trouble = frames[role], troubles[role]
    places = np.flatnonzero(bad[role][frame])
    place = _source(history, trouble.tensors, places, from_behind=role == "gradient")
    tensor = history.tensors[trouble.tensors[place]]
    name = tensor.name
    nans, infinities = trouble.nans[frame, place], trouble.infinities[frame, place]
    kind, count = ("NaN", int(nans)) if nans else ("infinite", int(infinities))
    known = np.isfinite(history.table("norm", trouble.tensors)[frame])
    is_all = role == "gradient" and len(places) >= known.sum() > 1
    whose = "Every gradient" if is_all else f"The {_SAID[role]} {name}"
    where = f", {count:,} in {name} alone" if is_all else f" in {count:,} value{'s'[: count - 1]}"
    advice = _ADVICE["all" if is_all else role, kind]
    sentence = f"{whose} is {kind} {_when(history, frame)}{where}: {advice}."
    yield history.note("not_finite", sentence, frame=frame, tensor=tensor.key, value=float(count))


_SAID = {"gradient": "gradient of", "weight": "weight", "activation": "output of"}

_BEHIND = "look at what comes just behind it, such as a root or a norm of exactly 0"
_TOO_FAR = "its step was too large, so lower the learning rate or clip the gradients"
_LOSS = "so was the loss before them, by a log(0), a division by 0 or too high a learning rate"
_ADVICE = {
    ("all", "NaN"): _LOSS,
    ("all", "infinite"): _LOSS,
    ("gradient", "NaN"): _BEHIND,
    ("gradient", "infinite"): _BEHIND,
    ("weight", "NaN"): _TOO_FAR,
    ("weight", "infinite"): _TOO_FAR,
    ("activation", "NaN"): "its weights are numbers, so look at what it computes, such as a division by 0 or a log(0)",
    ("activation", "infinite"): "it grew too large for its type, so lower the learning rate or normalize before it",
}


def _source(history: History, tensors: Sequence[int], places: npt.NDArray[np.intp], *, from_behind: bool) -> int:
    """Return the first place, or the first one of the layer of the last place where the trouble comes from behind."""
    if not from_behind:
        return int(places[0])
    modules = [history.tensors[tensors[place]].module for place in places]
    return int(places[modules.index(modules[-1])])


def _when(history: History, frame: int) -> str:
    step = int(history.steps[frame])
    before = int(history.steps[frame - 1]) if frame else step - 1
    if frame == 0:
        return "from the start"
    return f"at step {step:,}" if step - before <= 1 else f"by step {step:,} (not yet at step {before:,})"


def _trouble(history: History, role: str) -> _Trouble:
    tensors = history.in_flow(role)
    tables = (history.table(statistic, tensors) for statistic in ("nan", "inf"))
    return _Trouble(tensors, *(np.clip(np.where(table > 0, table, 0.0), 0.0, MOST_VALUES) for table in tables))


def _did_harm(history: History, troubles: Mapping[str, _Trouble], bad: Mapping[str, Flags]) -> Flags:
    """Return where a gradient that is not finite reached its weight, or stayed so for several frames: (F, n)."""
    column: dict[int | None, int] = {tensor: place for place, tensor in enumerate(troubles["weight"].tensors)}
    partners = [column.get(history.partner(i, "weight")) for i in troubles["gradient"].tensors]
    flags = bad["gradient"]
    harmed = np.ones_like(flags)
    for place, partner in enumerate(partners):
        if partner is not None:
            harmed[:, place] = bad["weight"][:, partner]
    lasting = np.zeros_like(flags)
    for start in range(len(flags) - SKIPPED_STEPS + 1):
        run = flags[start : start + SKIPPED_STEPS].all(0)
        lasting[start : start + SKIPPED_STEPS] |= run
    return harmed | lasting


def _first_value(history: History, name: str, loss: Series) -> Iterator[Note]:
    broken = np.flatnonzero(~np.isfinite(loss.values))
    if not len(broken):
        return
    at = int(broken[0])
    kind = "NaN" if np.isnan(loss.values[at]) else "infinite"
    last = float(loss.values[at - 1]) if at else 0.0
    before = f"after {brief(last)} at step {loss.steps[at - 1]:,}" if at else "the first time that it was logged"
    sentence = f"{name} is {kind} at step {loss.steps[at]:,}, {before}."
    yield history.note_at_step("not_finite", sentence, step=int(loss.steps[at]), tensor=name, value=last)
