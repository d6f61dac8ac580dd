"""Gradients that shrink on their way from the loss to the first layers, until those learn nothing.

Gradients are compared value for value (root mean square of the values that are not 0, so that neither the size of a
tensor nor an embedding's unused rows count), between the first quarter of the weight matrices and the last.

Source: Hochreiter (1991), "Untersuchungen zu dynamischen neuronalen Netzen"; Bengio, Simard & Frasconi (1994),
"Learning long-term dependencies with gradient descent is difficult"; Glorot & Bengio (2010), section 4.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from onionskin.health import History, brief, median
from onionskin.health._depth import by_value, share, way
from onionskin.recording.status import Note

#: Front to back. Healthy networks were measured down to 1/250 (an eight-layer ReLU network as PyTorch makes it, Adam),
#: eight sigmoid layers, which do not train, at 1/2,000,000.
VANISHED: Final = 1e-3

#: With fewer matrices there is no depth to speak of.
LEAST_MATRICES: Final = 3

MOST_NOTES: Final = 5


def check(history: History) -> Iterator[Note]:
    """Yield a note where no gradient at all reaches a layer, or else where it vanishes from the last to the first."""
    for chain in history.chains("gradient")[:MOST_NOTES]:
        yield from _none_at_all(history, chain) or _by_depth(history, chain)


def _none_at_all(history: History, chain: Sequence[int]) -> list[Note]:
    """Return a note about the layer nearest to the loss whose gradient is 0, from the earliest moment on."""
    sizes = by_value(history, chain)
    arrives = (sizes > 0).any(1)
    found = []
    for depth, i in enumerate(chain):
        stretch = history.stretch(sizes[:, depth] == 0, arrives & np.isfinite(sizes[:, depth]))
        if stretch:
            found.append((stretch.first, -depth, i, stretch))
    if not found:
        return []
    first, _, i, stretch = min(found, key=lambda item: item[:2])
    tensor, others = history.tensors[i], len(found) - 1
    too = f" (nor {others} other{'s' * (others > 1)})" if others else ""
    sentence = (
        f"No gradient reaches {tensor.name}{too} {history.when(stretch)}: every value of it is 0, so look between it "
        "and the loss for dead or saturated units, a detach() or a factor of 0."
    )
    return [history.note("vanishing_gradients", sentence, frame=first, tensor=tensor.key, value=0.0)]


def _by_depth(history: History, chain: Sequence[int]) -> list[Note]:
    here = way(history, chain)
    if len(here.tensors) < LEAST_MATRICES:
        return []
    # The larger end of the front against the middle of the back: one odd layer at either end makes no finding.
    shares = share(np.fmax.reduce(here.front, axis=1), median(here.back, 1))
    stretch = history.stretch(shares < VANISHED, np.isfinite(shares))
    if stretch is None:
        return []
    ratio = float(median(shares[stretch.first : stretch.last + 1], 0))
    first, last = here.tensors[0], here.tensors[-1]
    sentence = (
        f"The gradients vanish on their way to the first layers {history.when(stretch)}: value for value, {first.name} "
        f"gets {brief(ratio)} of what {last.name} gets; try ReLU instead of sigmoid or tanh, residual connections or "
        "normalization."
    )
    return [history.note("vanishing_gradients", sentence, frame=stretch.first, tensor=first.key, value=ratio)]
