"""A layer that does not move although it gets gradients and the other layers move.

Its parameters are not in the optimizer, their group has a learning rate of 0, or their type is so coarse (bfloat16)
that small steps round away. A frozen layer has no gradient and is none of this.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from onionskin.health import History, brief, median
from onionskin.health._depth import by_value
from onionskin.recording.status import Note

#: A layer stands still when a step changes it by less than this share: a hundred thousand such steps would be a tenth
#: of it. float32 rounds away what is below 6e-8. The slowest layer of a healthy training was measured at 4e-6.
STILL: Final = 1e-6

#: The others move when the middle one of them changes by more than this, and by so many times more than this layer.
MOVING: Final = 1e-5
TIMES: Final = 100.0

#: Gradients smaller than this share of the others', value for value, explain by themselves that a layer stands still:
#: that is for the check on vanishing gradients.
PULLED: Final = 1e-2

#: A gradient with more zeros than this is of an embedding, whose rows wait for their turn.
MOSTLY: Final = 0.5

USUAL: Final = "1e-3"  # A. Karpathy, CS231n, "Ratio of weights:updates"

MOST_NOTES: Final = 5


def check(history: History) -> Iterator[Note]:
    """Yield a note for each layer that stands still, the earliest first."""
    matrices = history.matrices("weight")
    partners = [history.partner(i, "gradient") for i in matrices]
    chosen = [(i, j) for i, j in zip(matrices, partners, strict=True) if j is not None]
    weights, gradients = [i for i, _ in chosen], [j for _, j in chosen]
    ratios, sizes, zeros = (
        history.table("ratio", weights),
        by_value(history, gradients),
        history.table("zeros", gradients),
    )
    # An embedding that is trained one row at a time seems to stand still: its gradient is mostly 0.
    known = np.isfinite(ratios) & (sizes > 0) & (zeros < MOSTLY)
    ratios[~known], sizes[~known] = np.nan, np.nan
    usual, pull = median(ratios, 1)[:, None], median(sizes, 1)[:, None]
    with np.errstate(invalid="ignore", over="ignore"):
        known &= usual > MOVING  # where nothing moves, one layer that does not is no news
        still = (ratios < STILL) & (usual > TIMES * ratios) & (sizes > PULLED * pull)
    found = []
    for place in np.flatnonzero((still & known).any(0)):
        stretch = history.stretch(still[:, place], known[:, place])
        if stretch:
            found.append((stretch.first, place, stretch))
    for _, place, stretch in sorted(found, key=lambda item: item[:2])[:MOST_NOTES]:
        ratio = float(median(ratios[stretch.first : stretch.last + 1, place], 0))
        tensor = history.tensors[weights[place]]
        sentence = (
            f"{tensor.name} has not moved {history.when(stretch)}, although it gets gradients: a step changes it by "
            f"{brief(ratio)} of its size, where {USUAL} is usual, so see that it is in the optimizer with a learning "
            "rate above 0."
        )
        yield history.note("still_layer", sentence, frame=stretch.first, tensor=tensor.key, value=ratio)
