"""A loss that jumps: far above its level of a moment ago, and for more than a few unlucky batches.

The loss is looked at in blocks of five values by their median, so that a single batch does not count. A spike stands
above the median of the blocks before it by many times their spread, and by a good part of all that the loss has ever
covered. Either alone cries wolf: near the end of a training every hard batch is a hundred times the level, and in a
noisy one a tenth of the range is nothing.

Source: for spikes of large models, Chowdhery et al. (2022), "PaLM", section 5.1; for the spread, Hampel (1974), "The
influence curve and its role in robust estimation".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from onionskin.health import Flags, Floats, History, Series, brief
from onionskin.recording.status import Note


@dataclass(frozen=True)
class Kind:
    """What makes a spike: it lasts so many blocks, stands so many spreads above the level, and covers such a share of
    the range so far; and it is so many times as high as any block stood above its level before.
    """

    blocks: int
    spreads: float
    range_share: float
    times_any_before: float


#: A lasting spike, and a towering one. Chosen among 1 to 4 blocks, 5 to 10 spreads, 0.1 to 1 of the range and 0 to 5
#: times what was before, on 98 losses of healthy trainings, of batches down to one example. None of them meets either
#: kind, and of 1,500 rests of them (a training that was taken up again, whose beginning is not known) two do.
LASTING: Final = Kind(blocks=3, spreads=8.0, range_share=0.1, times_any_before=0.0)
TOWERING: Final = Kind(blocks=1, spreads=10.0, range_share=1.0, times_any_before=5.0)

#: Values a block: an odd number, so that more than half of them must be high. Short trainings get smaller blocks.
BLOCK: Final = 5
SMALL_BLOCK: Final = 3
MANY_VALUES: Final = 150

#: Blocks that make the level: 160 steps.
LEVEL_BLOCKS: Final = 32

#: The level needs so many blocks before it can be left: 100 steps.
FIRST_BLOCKS: Final = 20

#: With a spread of 0 everything would be a jump: the spread is at least this share of the level.
LEAST_SPREAD: Final = 1e-2

#: A loss that stands at so many times its highest block of the beginning, for as many blocks, does not learn.
RISE: Final = 3.0
FIRST_RISING: Final = 3

MOST_NOTES: Final = 5


def check(history: History) -> Iterator[Note]:
    """Yield a note about the first spike of each loss; or that the loss only rises."""
    losses = {name: loss.finite for name, loss in history.losses().items()}
    notes = [note for name, loss in losses.items() for note in _spike(history, name, loss)]
    if len(losses) == 1 and not notes:  # of several, one may rise where another falls: the two of a GAN
        notes = [note for name, loss in losses.items() for note in _rise(history, name, loss)]
    yield from sorted(notes, key=lambda note: note.step)[:MOST_NOTES]


def _rise(history: History, name: str, loss: Series) -> Iterator[Note]:
    """Yield a note when the loss stands far above where it began, block after block."""
    blocks, size = _blocks(loss)
    if len(blocks) < 2 * FIRST_RISING or loss.steps[0] > FIRST_RISING * np.median(np.diff(loss.steps)):
        return  # too short, or its beginning is not known: live checks remember the last 20,000 values
    start = float(blocks[:FIRST_RISING].max())
    lasting = np.lib.stride_tricks.sliding_window_view(blocks > RISE * start, FIRST_RISING).all(1)
    if start > 0 and lasting.any():
        last = int(np.argmax(lasting)) + FIRST_RISING - 1
        step = int(loss.steps[last * size + size - 1])
        sentence = (
            f"{name} rises instead of falling: it began at {brief(loss.values[0])} and is {brief(blocks[last])} "
            f"at step {step:,}, so try a learning rate ten times lower."
        )
        yield history.note_at_step("loss_spike", sentence, step=step, tensor=name, value=float(blocks[last]))


def _spike(history: History, name: str, loss: Series) -> Iterator[Note]:
    blocks, block = _blocks(loss)
    if len(blocks) <= FIRST_BLOCKS:
        return
    with np.errstate(all="ignore"):
        level, spread = _level(blocks)
        found = [k for kind in (LASTING, TOWERING) for k in np.flatnonzero(_is_spike(blocks, level, spread, kind))[:1]]
    if not found:
        return
    at = int(min(found))
    peak = float(blocks[at : at + LASTING.blocks].max())
    # The block tells that it jumped; the first value beyond half way tells when. It may lie in the block before.
    begin = (at - 1) * block
    is_beyond = loss.values[begin : (at + 1) * block] > (level[at] + blocks[at]) / 2
    step = int(loss.steps[begin + int(np.argmax(is_beyond))])
    sentence = (
        f"{name} jumped at step {step:,} from {brief(level[at])} to {brief(peak)}{_after_rate(history, step)}: "
        "try a lower learning rate, or clip the gradients (torch.nn.utils.clip_grad_norm_)."
    )
    yield history.note_at_step("loss_spike", sentence, step=step, tensor=name, value=peak)


def _is_spike(blocks: Floats, level: Floats, spread: Floats, kind: Kind) -> Flags:
    """Return the blocks at which a spike of a kind begins."""
    covered = np.maximum.accumulate(blocks) - np.minimum.accumulate(blocks)
    highest = np.fmax.accumulate(blocks - level)
    lowest = np.full(len(blocks), -np.inf)
    lowest[: len(blocks) - kind.blocks + 1] = np.lib.stride_tricks.sliding_window_view(blocks, kind.blocks).min(1)
    jump = (lowest - level)[1:]  # against what was before
    is_spike = np.zeros(len(blocks), np.bool_)
    is_spike[1:] = (jump > kind.spreads * spread[1:]) & (jump > kind.range_share * covered[:-1])
    is_spike[1:] &= ~(jump <= kind.times_any_before * highest[:-1])
    is_spike[:FIRST_BLOCKS] = False
    return is_spike


def _blocks(loss: Series) -> tuple[Floats, int]:
    """Return the median of each block of values, and how many values a block has."""
    size = BLOCK if len(loss.values) >= MANY_VALUES else SMALL_BLOCK
    count = len(loss.values) // size
    return np.median(loss.values[: count * size].reshape(count, size), 1), size


def _level(blocks: Floats) -> tuple[Floats, Floats]:
    """Return the median of the blocks before each block, and their spread: 1.4826 times the median distance from it."""
    padded = np.concatenate([np.full(LEVEL_BLOCKS, np.nan), blocks[:-1]])
    window = np.lib.stride_tricks.sliding_window_view(padded, LEVEL_BLOCKS)
    level = _row_medians(window)
    spread = 1.4826 * _row_medians(np.abs(window - level[:, None]))
    return level, np.maximum(spread, LEAST_SPREAD * np.abs(level))


def _row_medians(window: Floats) -> Floats:
    """Return the median of each row; row k has k values and NaN for the rest, until it is full.

    Sorting puts NaN last. It is ten times as fast as ``nanmedian``, and this runs while a training waits.
    """
    ranked = np.sort(window, axis=1)
    rows = np.arange(len(window))
    count = np.clip(rows, 1, window.shape[1])
    middle: Floats = (ranked[rows, (count - 1) // 2] + ranked[rows, count // 2]) / 2
    return middle


def _after_rate(history: History, step: int) -> str:
    """Return the remark that the learning rate had just been raised, where it had."""
    rate = history.scalars.get("lr")
    if rate is None:
        return ""
    before, now = rate.at(step - 2 * BLOCK), rate.at(step)
    return f", just after the learning rate rose from {brief(before)} to {brief(now)}" if now > 2 * before > 0 else ""
