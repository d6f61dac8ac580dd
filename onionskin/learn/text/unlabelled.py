"""Texts without a label teach as well: those that a first model is surest of join the labelled ones, and count less.

What MiniLM knows of words that the labelled texts lack is thus handed on to the n-grams. Papers: Yarowsky (1995),
"Unsupervised word sense disambiguation rivaling supervised methods", ACL 33; Lee (2013), "Pseudo-label", ICML workshop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from onionskin.learn.domain import Recipe, Rows
from onionskin.learn.loop import Batch, Place, fit
from onionskin.learn.text.joined import Head
from onionskin.learn.training import SCHEDULES

#: The share that is kept, the surest, and what each counts beside a labelled text. With 300 labels of film reviews .3
#: or .6 of the others, at .1 or .3, are all half a point to a point better than none.
SHARE: Final = 0.3
WEIGHT: Final = 0.3

_AT_ONCE: Final = 256


def weight_of(count: int) -> float:
    """Return how many labelled texts so many unlabelled ones count as."""
    return round(SHARE * count) * WEIGHT


def guess(
    head: Head, batch: Callable[[Rows], Batch], labelled: Rows, others: Rows, recipe: Recipe, *, seed: int
) -> tuple[Rows, torch.Tensor]:
    """Train a head on labelled texts, and return those of the others it is surest of, with the classes it says.

    Args:
        head: A new one, its features standardised. It is trained.
        batch: From numbers of texts to a batch; of the others the targets are not looked at.
        labelled, others: Numbers of texts.
        recipe: How to train.
        seed: Of the order of the texts.
    """
    size = min(recipe.batch, len(labelled))
    steps = recipe.epochs * (len(labelled) // size)
    optimizer = torch.optim.SGD(head.parameters(), recipe.lr, momentum=0.9, weight_decay=recipe.weight_decay)
    shape = SCHEDULES[recipe.schedule]
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: shape(step / steps))

    def batches(epoch: int, first: int) -> Iterator[Batch]:
        order = np.random.default_rng([seed, epoch, 1]).permutation(labelled)
        for start in range(first * size, len(order) // size * size, size):
            yield batch(order[start : start + size])

    for _ in fit(head, optimizer, schedule, batches, cross_entropy, epochs=recipe.epochs, place=Place()):
        pass
    head.eval()
    with torch.no_grad():
        odds = [head(*batch(others[i : i + _AT_ONCE])[0]).softmax(1) for i in range(0, len(others), _AT_ONCE)]
    sure, classes = torch.cat(odds).max(1)
    kept = torch.argsort(sure, descending=True, stable=True)[: round(SHARE * len(others))]
    return others[kept.numpy()], classes[kept]


def mixed(labelled: Rows, guessed: Rows, *, size: int, seed: int, epoch: int, first: int) -> Iterator[Rows]:
    """Yield the portions of one epoch: the labelled texts, and some of the guessed ones, others each time."""
    stream = np.random.default_rng([seed, epoch])
    some = stream.choice(guessed, round(WEIGHT * len(guessed)), replace=False)
    order = stream.permutation(np.concatenate([labelled, some]))
    for start in range(first * size, len(order) // size * size, size):
        yield order[start : start + size]
