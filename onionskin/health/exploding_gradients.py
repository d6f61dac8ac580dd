"""Gradients that grow: from the last layer to the first, out of proportion to the loss, or suddenly in time.

Source: Bengio, Simard & Frasconi (1994), "Learning long-term dependencies with gradient descent is difficult";
Pascanu, Mikolov & Bengio (2013), "On the difficulty of training recurrent neural networks" (the cliff, and clipping).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from onionskin.health import Floats, History, brief, median
from onionskin.health._depth import share, way
from onionskin.recording.manifest import TensorEntry
from onionskin.recording.status import Note

#: Front to back, value for value. Healthy networks were measured up to 14 (a small GPT with tied embeddings).
BY_DEPTH: Final = 1e3
LEAST_MATRICES: Final = 2

#: Norm of all gradients against the loss, in the first frames: a loss of 2 that a step of 1/1,000 would change by 2.
#: Healthy networks were measured up to 7 (ResNet-18), recurrent and tanh networks with too large weights from 4,000 on.
OF_THE_LOSS: Final = 1e3
FIRST_FRAMES: Final = 5
LEAST_LOSS: Final = 1e-2  # a squared error goes to 0 faster than its gradient

#: Against the largest level so far. Healthy trainings were measured up to 12 (a deep ReLU network leaving its plateau),
#: learning rates at which nothing is learned from 460 on.
IN_TIME: Final = 100.0
LEVEL_FRAMES: Final = 16
MOST_LOOKED_AT: Final = 16

MOST_NOTES: Final = 5

CLIP: Final = "clip the gradients (torch.nn.utils.clip_grad_norm_)"


def check(history: History) -> Iterator[Note]:
    """Yield at most one note for each kind of explosion, and one about a tensor."""
    said: set[str] = set()
    for kind in (_in_time, _of_the_loss, _by_depth):
        for note in kind(history):
            if note.tensor not in said and len(said) < MOST_NOTES:
                said.add(note.tensor)
                yield note


def _in_time(history: History) -> Iterator[Note]:
    """Yield a note about the first frame whose gradients are far above everything before."""
    tensors, norms, frames = _norms(history)
    total = np.sqrt(np.square(norms).sum(1))
    if len(total) < 2 or total.max() <= IN_TIME * total.min():
        return
    padded = np.concatenate([np.full(LEVEL_FRAMES - 1, np.nan), total])
    levels = median(np.lib.stride_tricks.sliding_window_view(padded, LEVEL_FRAMES), 1)
    times = np.divide(
        total[1:], np.maximum.accumulate(levels)[:-1], out=np.zeros(len(total) - 1), where=levels[:-1] > 0
    )
    is_logged = history.steps[frames[1:]] <= history.logged_until
    high = np.flatnonzero((times > IN_TIME) & is_logged)[:MOST_LOOKED_AT]
    costly = [at for at in high if _is_costly(history, int(history.steps[frames[at + 1]]))]
    if not costly:
        return
    at = costly[0]
    frame, tensor, value = int(frames[at + 1]), tensors[int(np.argmax(norms[at + 1]))], float(times[at])
    sentence = (
        f"The gradients exploded at step {history.steps[frame]:,}: together they are {brief(value)} times what was "
        f"usual before, most of all in {tensor.name}; lower the learning rate, or {CLIP}."
    )
    yield history.note("exploding_gradients", sentence, frame=frame, tensor=tensor.key, value=value)


def _is_costly(history: History, step: int) -> bool:
    """Return whether the loss stands above its usual level, as far as known: on leaving a plateau it falls instead."""
    known = [(loss.at(step), loss.values[loss.steps < step]) for loss in history.losses().values()]
    return all(not len(before) for _, before in known) or any(
        len(before) and not now < np.median(before) for now, before in known
    )


def _of_the_loss(history: History) -> Iterator[Note]:
    """Yield a note where the gradients are out of proportion to the loss when the training begins."""
    losses = list(history.losses().values())
    if len(losses) != 1:
        return
    tensors, norms, frames = _norms(history)
    for row, frame in zip(norms[:FIRST_FRAMES], frames, strict=False):
        if history.steps[frame] > history.logged_until:
            return
        loss, total = losses[0].at(int(history.steps[frame])), float(np.sqrt(np.square(row).sum()))
        if LEAST_LOSS < loss < total / OF_THE_LOSS:
            tensor = tensors[int(np.argmax(row))]
            sentence = (
                f"The gradients are too large from the beginning: at step {history.steps[frame]:,} they are "
                f"{brief(total)} long for a loss of {brief(loss)}, most of all in {tensor.name}; start from "
                f"smaller weights, or {CLIP}."
            )
            yield history.note("exploding_gradients", sentence, frame=frame, tensor=tensor.key, value=total)
            return


def _by_depth(history: History) -> Iterator[Note]:
    """Yield a note where the gradients grow from the last layer to the first."""
    for chain in history.chains("gradient"):
        here = way(history, chain)
        if len(here.tensors) < LEAST_MATRICES:
            continue
        # The middle of the front against the larger end of the back: one odd layer at either end makes no finding.
        shares = share(median(here.front, 1), np.fmax.reduce(here.back, axis=1))
        stretch = history.stretch(shares > BY_DEPTH, np.isfinite(shares))
        if stretch:
            ratio = float(median(shares[stretch.first : stretch.last + 1], 0))
            first, last = here.tensors[0], here.tensors[-1]
            sentence = (
                f"The gradients explode on their way to the first layers {history.when(stretch)}: value for value, "
                f"{first.name} gets {brief(ratio)} times what {last.name} gets; start from smaller weights, or {CLIP}."
            )
            yield history.note("exploding_gradients", sentence, frame=stretch.first, tensor=first.key, value=ratio)


def _norms(history: History) -> tuple[list[TensorEntry], Floats, npt.NDArray[np.intp]]:
    """Return all gradients, their norms (n, T) at the frames that have some, and these frames (n,)."""
    gradients = history.of_role("gradient")
    norms = history.table("norm", [i for i, _ in gradients])
    norms[~np.isfinite(norms)] = 0.0
    frames = np.flatnonzero((norms > 0).any(1))
    return [tensor for _, tensor in gradients], norms[frames], frames
