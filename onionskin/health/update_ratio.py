"""Steps far from the usual size: how much one step changes a layer, as a share of the layer's own size.

About 1e-3 is a common rule of thumb for a healthy step (A. Karpathy, CS231n, "Neural networks part 3", "Ratio of
weights:updates"). Small networks live well with ten times more, and every training ends with less.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from onionskin.health import SUSTAINED_FRAMES, Flags, Floats, History, brief, median
from onionskin.recording.manifest import TensorEntry
from onionskin.recording.status import Note

#: The first steps are larger than all later ones, above all in layers that begin at 0 or with a warm-up.
FIRST_STEPS: Final = 100

#: Too large, as the median over the later half of the training so far. Healthy trainings were measured up to 0.06 (the
#: position embedding of a small GPT, SGD with momentum).
TOO_LARGE: Final = 0.1

#: Too small, for every layer and frame so far. 1e-5 is a training with a learning rate a hundred times below the usual.
TOO_SMALL: Final = 1e-5

USUAL: Final = "1e-3 is usual"


def check(history: History) -> Iterator[Note]:
    """Yield a note at the first moment at which the steps have been far too large, or far too small, for long."""
    weights = history.matrices("weight")
    ratios = history.table("ratio", weights)
    ratios[~np.isfinite(ratios) | ~_is_trained(history, weights)] = np.nan
    tensors = [history.tensors[i] for i in weights]
    if not tensors:
        return
    yield from _too_large(history, tensors, ratios)
    yield from _too_small(history, tensors, ratios)


def _too_large(history: History, tensors: Sequence[TensorEntry], ratios: Floats) -> Iterator[Note]:
    # The median over a window is above a number when more than half of its frames are: two running sums, no sorting.
    over, known = _running(ratios > TOO_LARGE), _running(np.isfinite(ratios))
    ends = np.arange(1, len(history.steps) + 1)
    begins = np.searchsorted(history.steps, (history.steps + 1) // 2)
    many, all_known = over[ends] - over[begins], known[ends] - known[begins]
    found = (many > all_known / 2) & (all_known >= SUSTAINED_FRAMES) & (history.steps >= FIRST_STEPS)[:, None]
    if not found.any():
        return
    frame = int(np.argmax(found.any(1)))
    recent = median(ratios[begins[frame] : frame + 1], 0)
    place = int(np.argmax(np.where(found[frame], recent, 0.0)))
    others = int(found[frame].sum()) - 1
    too = f" (and {others} other layer{'s' * (others > 1)} likewise)" if others else ""
    value = float(recent[place])
    sentence = (
        f"A step changes {tensors[place].name} by {brief(value)} of its size{too}, still so at step "
        f"{history.steps[frame]:,}, where {USUAL}: try a learning rate ten times lower."
    )
    yield history.note("update_ratio", sentence, frame=frame, tensor=tensors[place].key, value=value)


def _too_small(history: History, tensors: Sequence[TensorEntry], ratios: Floats) -> Iterator[Note]:
    has_any = np.isfinite(ratios).any(1)
    largest = np.fmax.reduce(np.where(np.isfinite(ratios), ratios, 0.0), axis=1)
    is_early = (
        (history.steps < FIRST_STEPS) | (history.steps > history.logged_until) | (np.cumsum(has_any) < SUSTAINED_FRAMES)
    )
    is_small = np.maximum.accumulate(largest) < TOO_SMALL
    frame = next((int(f) for f in np.flatnonzero(is_small & ~is_early) if not _warms_up(history, int(f))), None)
    if frame is None:
        return
    seen = np.where(np.isfinite(ratios[: frame + 1]), ratios[: frame + 1], 0.0).max(0)
    place = int(np.argmax(seen))
    rate = history.scalars["lr"].at(int(history.steps[frame])) if "lr" in history.scalars else np.nan
    is_now = f" (it is {brief(rate)})" if np.isfinite(rate) else ""
    sentence = (
        f"No layer learns: even {tensors[place].name}, which moves most, has not changed by more than "
        f"{brief(seen[place])} of its size in a step up to step {history.steps[frame]:,}, where {USUAL}: raise the "
        f"learning rate{is_now}."
    )
    yield history.note("update_ratio", sentence, frame=frame, tensor=tensors[place].key, value=float(seen[place]))


def _is_trained(history: History, weights: Sequence[int]) -> Flags:
    """Return where weights had a gradient that is not 0, (F, n): the others, frozen or cut off, need not move."""
    partners = [history.partner(i, "gradient") for i in weights]
    trained = np.ones((len(history.steps), len(weights)), np.bool_)
    for place, partner in enumerate(partners):
        if partner is not None:
            trained[:, place] = history.statistic("norm", partner) > 0
    return trained


def _warms_up(history: History, frame: int) -> bool:
    """Return whether the learning rate is still rising at a frame."""
    step = int(history.steps[frame])
    rate = history.scalars.get("lr")
    return rate is not None and rate.at(step) > rate.at(step // 2)


def _running(flags: Flags) -> npt.NDArray[np.int64]:
    """Return how many were true before each frame, (F + 1, n)."""
    counts = np.cumsum(flags, axis=0, dtype=np.int64)
    return np.concatenate([np.zeros((1, flags.shape[1]), np.int64), counts])
