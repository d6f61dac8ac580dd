"""Units that never fire: a ReLU whose input is below zero for everything gives 0, gets no gradient, and stays so.

Found on the probes alone, so a unit that fires for rare inputs may be taken for dead. Units are channels of
convolutions and columns of linear layers.

Source: Maas, Hannun & Ng (2013), "Rectifier nonlinearities improve neural network acoustic models", section 2;
CS231n, "Neural networks part 1", on ReLU ("as much as 40 % of your network can be dead").
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from onionskin.health import SUSTAINED_FRAMES, Floats, History, median
from onionskin.recording.manifest import TensorEntry
from onionskin.recording.status import Note

#: The share of a layer's units from which it is worth a sentence. CS231n's 40 % is of a whole data set; on 16 probes
#: deep layers of healthy networks were measured silent up to 62 % (an eight-layer ReLU network at birth, digits).
DEAD_SHARE: Final = 0.75

#: By chance a unit that is 0 for a share p of inputs is 0 on all n probes with p^n; so many times that is not chance.
TIMES_CHANCE: Final = 2.0

MOST_NOTES: Final = 5


def check(history: History) -> Iterator[Note]:
    """Yield a note for each layer in which most units fire on no probe, the earliest first."""
    found = []
    for i in _rectifiers(history):
        tensor, dead = history.tensors[i], history.statistic("dead", i)
        is_dead = (dead >= DEAD_SHARE) & (dead > TIMES_CHANCE * _by_chance(dead, history.statistic("zeros", i), tensor))
        stretch = history.stretch(is_dead, np.isfinite(dead))
        if stretch:
            found.append((stretch.first, i, stretch))
    for _, i, stretch in sorted(found, key=lambda item: item[:2])[:MOST_NOTES]:
        tensor = history.tensors[i]
        units, probes = tensor.shape[_unit_axis(tensor)], tensor.shape[0]
        share = float(median(history.statistic("dead", i)[stretch.first : stretch.last + 1], 0))
        count = min(units, round(share * units))
        sentence = (
            f"{count:,} of the {units:,} units of layer {tensor.name} have not fired on any of the {probes} probes "
            f"{history.when(stretch)}, and a unit that never fires learns nothing: try a lower learning rate, "
            "or LeakyReLU."
        )
        yield history.note("dead_units", sentence, frame=stretch.first, tensor=tensor.key, value=float(count))


def _rectifiers(history: History) -> Iterator[int]:
    """Yield the activations that are another one with what is below zero cut off (ReLU, ReLU6, clamp, maximum).

    They are known by their statistics: the same shape, the same largest value (or 6), the smallest 0 where it was less.
    What passes them on (pooling, dropout) is zero in the same units, and is not named again.
    """
    activations = history.of_role("activation")
    has_dead = (history.table("dead", [i for i, _ in activations]) >= DEAD_SHARE).sum(0) >= SUSTAINED_FRAMES
    seen: list[Floats] = []
    for place, (i, tensor) in enumerate(activations):
        if not has_dead[place] or len(tensor.shape) < 2:
            continue
        dead = history.statistic("dead", i)
        if any(np.array_equal(dead, other, equal_nan=True) for other in seen):
            continue
        earlier = [j for j, other in activations[:place] if other.shape == tensor.shape]
        if any(_is_cut_off(history, j, i) for j in reversed(earlier)):
            seen.append(dead)
            yield i


def _is_cut_off(history: History, before: int, after: int) -> bool:
    low, high = history.statistic("min", before), np.maximum(0.0, history.statistic("max", before))
    low_after, high_after = history.statistic("min", after), history.statistic("max", after)
    known = np.isfinite(low) & np.isfinite(high) & np.isfinite(low_after) & np.isfinite(high_after)
    is_same = (high_after == high) | (high_after == np.minimum(high, 6.0))
    return bool((low < 0)[known].any() and (is_same & (low_after >= 0))[known].all())


def _by_chance(dead: Floats, zeros: Floats, tensor: TensorEntry) -> Floats:
    """Return the share of units that would be 0 on all probes if each were 0 as often as those are that do fire."""
    alive = 1 - dead
    share = np.divide(zeros - dead, alive, out=np.zeros_like(dead), where=alive > 0)
    chance: Floats = np.clip(share, 0.0, 1.0) ** tensor.shape[0]
    return chance


def _unit_axis(tensor: TensorEntry) -> int:
    return 1 if len(tensor.shape) in (4, 5) else len(tensor.shape) - 1
