"""Examples as they are: before a training what is in the data, after one what the model says of what was held out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from onionskin.errors import OnionskinError
from onionskin.learn.judged import judged, score, sureness
from onionskin.learn.report import Gallery, Item, Report

if TYPE_CHECKING:
    from onionskin.learn.learner import Learner

#: More are not looked at.
MOST = 200


def show(learner: Learner, count: int = 16, *, seed: int = 0) -> Report:
    """Return some held-out examples, chosen at random, with what they are said to be and what the model says.

    Args:
        learner: With its data; before its first training only what they are said to be is shown.
        count: How many, up to 200.
        seed: The same one chooses the same.

    Raises:
        OnionskinError: It makes no sense, or the data are not at hand.
    """
    if not 1 <= count <= MOST:
        raise OnionskinError(f"count={count!r}", fix=f"give 1 to {MOST}")
    d = learner.domain
    chosen = np.sort(np.random.default_rng(seed).permutation(len(d.valid))[:count])
    examples = [d.shown(int(row)) for row in d.valid[chosen]]
    if not learner.is_trained:
        items = [Item(each.png, each.text[:1000], "", each.label, "", each.where) for each in examples]
        said = f"{len(items)} of {len(d.valid):,} held-out examples, before any training: {d.understood.what}."
        return Report("show", "Examples", said, [Gallery(items, "what they are said to be")], {"shown": len(items)})
    seen = judged(learner, "valid")
    answers, labels = seen.answers(chosen.tolist()), seen.told(chosen.tolist())
    items = [
        Item(each.png, each.text[:1000], sureness(answer), label, answer.text, each.where, float(seen.losses[place]))
        for place, each, answer, label in zip(chosen, examples, answers, labels, strict=True)
    ]
    measure = score(seen)
    of_all = f"{measure.name} is {measure.shown(measure.value())}"
    said = f"{len(items)} of {len(seen.rows):,} held-out examples; over all of them, {of_all}."
    gallery = Gallery(items, "said to be → taken for; the number is the loss")
    return Report("show", "Examples", said, [gallery], {"shown": len(items), measure.name.lower(): measure.value()})
