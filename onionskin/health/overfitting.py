"""Learning by heart: the training loss goes on falling while the loss on held-out data rises.

Source: Prechelt (1998), "Early stopping, but when?": the generalization loss GL is how far the held-out loss stands
above the lowest it has been, in per cent, and several such looks in a row are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from onionskin.health import Flags, Floats, History, Series, brief, topic
from onionskin.recording.status import Note

#: How far above its lowest the held-out loss must stand, and for how many looks in a row: far and soon, or near and
#: long and still at its highest. LeNet on MNIST stands 10 to 18 % above for six looks in the middle of a training that
#: ends well; a network that learned 100 digits by heart rises by 1 % a look, for 45 looks.
FAR_RISE: Final = 0.25
FAR_LOOKS: Final = 5
NEAR_RISE: Final = 0.1
NEAR_LOOKS: Final = 10
AT_ITS_HIGHEST: Final = 0.98

#: Either must be more than noise: so many times the usual distance between one look and the next. On a small held-out
#: set a look is off by a tenth or more, and the lowest of fifty looks is low by luck.
NOISES: Final = 3.0

#: The training loss must have fallen by this share meanwhile.
FALL: Final = 0.1

#: A held-out loss that is logged at every step is looked at in so many blocks.
MOST_LOOKS: Final = 64

MOST_NOTES: Final = 5


def check(history: History) -> Iterator[Note]:
    """Yield a note for each held-out loss that rises for long while its training loss falls."""
    notes: list[Note] = []
    for name, held_out in history.losses(held_out=True).items():
        train = _training_loss(history, name)
        if train:
            notes.extend(_apart(history, (name, held_out.finite), (train, history.scalars[train].finite)))
    yield from sorted(notes, key=lambda note: note.step)[:MOST_NOTES]


def _training_loss(history: History, name: str) -> str | None:
    """Return the training loss that belongs to a held-out one: ``train_loss`` to ``val_loss``; or the only one."""
    losses = list(history.losses())
    same = [loss for loss in losses if topic(loss) == topic(name)]
    return same[0] if same else losses[0] if len(losses) == 1 else None


def _apart(history: History, held_out: tuple[str, Series], train: tuple[str, Series]) -> Iterator[Note]:
    """Yield a note about the first moment at which the two have gone apart for long enough."""
    steps, values = _looks(held_out[1])
    if len(values) <= FAR_LOOKS:
        return
    smooth = np.median(np.lib.stride_tricks.sliding_window_view(np.concatenate([values[:1], values[:1], values]), 3), 1)
    noise = float(np.median(np.abs(np.diff(values))))
    for at in np.flatnonzero(_has_risen(smooth, NOISES * noise)):
        best = int(np.argmin(smooth[: at + 1]))
        best = int(np.argmin(values[max(0, best - 2) : best + 1])) + max(0, best - 2)  # the smooth one lags
        before, now = (_typical(train[1], steps, look) for look in (best, int(at)))
        if now < before - FALL * abs(before):
            sentence = (
                f"{held_out[0]} has risen from {brief(values[best])} to {brief(smooth[at])} since step {steps[best]:,} "
                f"while {train[0]} fell from {brief(before)} to {brief(now)}, so the model learns its examples by "
                "heart: stop earlier, or try more data, augmentation, dropout or weight decay."
            )
            step = int(steps[best])
            yield history.note_at_step("overfitting", sentence, step=step, tensor=held_out[0], value=float(smooth[at]))
            return


def _has_risen(smooth: Floats, least: float) -> Flags:
    """Return where a held-out loss has stood above its lowest, by ``least`` at least, for long enough."""
    lowest = np.minimum.accumulate(smooth)
    highest = np.array([smooth[np.argmin(smooth[:end]) : end].max() for end in range(1, len(smooth) + 1)])
    far = _lasts(smooth - lowest > np.maximum(FAR_RISE * lowest, least), FAR_LOOKS)
    near = _lasts(smooth - lowest > np.maximum(NEAR_RISE * lowest, least), NEAR_LOOKS)
    near &= smooth >= AT_ITS_HIGHEST * highest
    risen: Flags = (lowest > 0) & (far | near)
    return risen


def _lasts(holds: Flags, looks: int) -> Flags:
    """Return where something has held for so many looks in a row."""
    padded = np.concatenate([np.zeros(looks - 1, np.bool_), holds])
    lasts: Flags = np.logical_and.reduce(np.lib.stride_tricks.sliding_window_view(padded, looks), axis=1)
    return lasts


def _looks(loss: Series) -> tuple[npt.NDArray[np.int64], Floats]:
    """Return the looks at a held-out loss: its values, or the medians of blocks where there are very many."""
    size = -(-len(loss.values) // MOST_LOOKS)
    if size <= 1:
        return loss.steps, loss.values
    count = len(loss.values) // size
    return loss.steps[: count * size][size - 1 :: size], np.median(loss.values[: count * size].reshape(count, size), 1)


def _typical(loss: Series, steps: npt.NDArray[np.int64], look: int) -> float:
    """Return the median of a loss between a look and the one before it; NaN where nothing was logged."""
    begin = int(np.searchsorted(loss.steps, steps[look - 1], side="right")) if look else 0
    end = int(np.searchsorted(loss.steps, steps[look], side="right"))
    return float(np.median(loss.values[begin:end])) if end > begin else np.nan
