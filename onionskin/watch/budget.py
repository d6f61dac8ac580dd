"""When a frame is taken: denser early, and never for more than the share of wall time that was allowed.

The recorder charges everything it does while the training runs: frames, the thread that writes them, the hook on every
step. Its start (following the graph once, making the folder) is told apart in the run and not charged. Between frames
it only compares a step and a time with the two numbers that :meth:`Pace.next` gave it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

#: The next frame is due after this share of the steps so far: each of the first 50 steps, then ever fewer.
GAP_SHARE: Final = 0.02

#: However long the training, no more than this passes between frames (seconds) where the budget allows.
LONGEST_GAP_SECONDS: Final = 60.0

#: At the start, when most is learned a step, the recorder may spend what this much time will earn (seconds): 0.15 of a
#: second at 2 %. Of what it earns, all but a quarter then pays that back: a training longer than REPAID_SECONDS keeps
#: its budget to the letter, and a shorter one still has frames to look at.
CREDIT_SECONDS: Final = 7.5
REPAID_SECONDS: Final = 10.0

#: The share of what is earned that may be spent while the credit is paid back.
_SPENDABLE: Final = 1 - CREDIT_SECONDS / REPAID_SECONDS

#: A frame's cost is felt beyond the recorder's own clock: caches are cold afterwards, memory is moved. Measured from
#: outside by bench/overhead.py as up to a sixth more than the clock says.
FELT: Final = 1.15


@dataclass
class Pace:
    """Spaces the frames of one training.

    Attributes:
        budget: The share of wall time allowed, from 0 to 1; 1 never refuses.
        every: Take a frame each so many steps instead of spacing by :data:`GAP_SHARE`.
        refused: How many frames of ``every`` could not be paid; ``refused_first`` and ``refused_last`` are steps.
    """

    budget: float
    every: int | None = None
    refused: int = 0
    refused_first: int = -1
    refused_last: int = -1
    _costs: list[float] = field(default_factory=list)
    _last_step: int = 0
    _last_time: float = 0.0

    def took(self, step: int, now: float, cost: float) -> None:
        """Note that a frame was taken at ``step``, ``now`` seconds after the start, and its cost (seconds)."""
        self._last_step, self._last_time = step, now
        self._costs = [*self._costs[-2:], cost]

    def next(self, step: int, spent: float) -> tuple[int, float]:
        """Return the step from which, and the time (seconds after the start) from which, a frame may be taken.

        Args:
            step: The last step made.
            spent: All that the recorder has spent so far (seconds).
        """
        # The frame itself, and the last one, which is always taken.
        affordable = earliest(self.budget, FELT * (spent + 2 * self._price))
        if self.every is not None:
            return (step // self.every + 1) * self.every, affordable
        gap = max(1, math.ceil(GAP_SHARE * self._last_step))
        return max(step + 1, self._last_step + gap), affordable

    def is_late(self, now: float) -> bool:
        """Return whether the last frame is so long ago that the next is due whatever the step."""
        return self.every is None and now - self._last_time >= LONGEST_GAP_SECONDS

    def refuse(self, step: int) -> None:
        """Note that the frame due at ``step`` cannot be paid and is given up (with ``every``; else it is put off)."""
        self.refused += 1
        self.refused_first = step if self.refused == 1 else self.refused_first
        self.refused_last = step

    @property
    def _price(self) -> float:
        """What a frame costs: the middle one of the last three, for the first one warms up what the others use."""
        return sorted(self._costs)[len(self._costs) // 2] if self._costs else 0.0


def allowed(budget: float, now: float) -> float:
    """Return how many seconds may have been spent, ``now`` seconds after the start."""
    return budget * max(now, CREDIT_SECONDS + _SPENDABLE * now)


def earliest(budget: float, spending: float) -> float:
    """Return the time at which so much may have been spent: the inverse of :func:`allowed`; 0 for a budget of 1."""
    if budget >= 1:
        return 0.0
    earned = spending / budget
    return max(0.0, min(earned, (earned - CREDIT_SECONDS) / _SPENDABLE))
