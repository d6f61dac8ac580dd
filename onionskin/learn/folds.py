"""What models say of examples that they were not trained on: cross-validation of the domain's own.

The examples are parted into folds; for each of them a model with random weights is trained on the others. It is trained
for fewer epochs than the model itself: a network learns what is general first, and by heart later (Arpit and others,
2017, "A Closer Look at Memorization in Deep Networks"), and an example whose label is wrong has to be learned by heart.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import torch
from torch import nn

from onionskin.errors import OnionskinError
from onionskin.learn.domain import Domain, Rows, joined
from onionskin.learn.loop import Place, fit

#: How many parts the examples make. Each model sees four fifths of them.
FOLDS: Final = 5

#: Of the recipe's epochs, so many are trained, and at least so many.
SHARE_OF_EPOCHS: Final = 0.1
FEWEST_EPOCHS: Final = 3


def out_of_sample(domain: Domain, *, folds: int = FOLDS, epochs: int | None = None, seed: int = 0) -> Iterator[Any]:
    """Train a model a fold; the last thing yielded is what they say, the others how many folds are done.

    Args:
        domain: With its data. Its weights and its split are what they were when this ends, in whatever way.
        folds: How many parts the examples make, 2 to as many as there are examples.
        epochs: Of each model; by default a tenth of the recipe's.
        seed: Of the parts, the weights and the order of examples.

    Yields:
        1 to ``folds``, then ``(rows, outputs)``: the examples in order, and the output for each, (n, …).

    Raises:
        OnionskinError: The parts make no sense, or what is trained was not random at the beginning.
    """
    rows = np.sort(np.concatenate([domain.train, domain.valid]))
    if not 2 <= folds <= len(rows):
        raise OnionskinError(f"{folds} folds of {len(rows):,} examples", fix="give 2 to 10: folds=5")
    if domain.settings.get("fine_tune"):
        raise OnionskinError(
            "a pretrained network that is trained as well may have seen every example already",
            fix="leave fine_tune out: its frozen features and a new last layer judge labels as well",
        )
    epochs = epochs or max(FEWEST_EPOCHS, round(SHARE_OF_EPOCHS * domain.recipe.epochs))
    parts = np.array_split(np.random.default_rng([seed, folds]).permutation(rows), folds)
    said: list[Any] = []
    with _borrowed(domain):
        for i, part in enumerate(parts):
            train = np.sort(np.concatenate([other for j, other in enumerate(parts) if j != i]))
            _train(domain, train, epochs, seed + i)
            said.append(domain.answered(np.sort(part))[0])
            yield i + 1
    order = np.argsort(np.concatenate([np.sort(part) for part in parts]), kind="stable")
    yield rows, joined(said)[torch.from_numpy(order)]


def _train(domain: Domain, rows: Rows, epochs: int, seed: int) -> None:
    """Train the domain's model anew on some examples."""
    torch.manual_seed(seed)
    _forget(domain.trained)
    recipe = domain.recipe
    size = min(recipe.batch, len(rows))
    domain.train = rows
    optimizer = domain.optimizer(recipe.lr, recipe.weight_decay)
    steps = max(1, epochs * (len(rows) // size))
    highest = [group["lr"] for group in optimizer.param_groups]
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, highest, total_steps=steps + 1, cycle_momentum=False)
    batches = lambda epoch, first: domain.batches(epoch, first, size=size, seed=seed)  # noqa: E731  the loop's own form
    for _ in fit(domain.trained, optimizer, schedule, batches, domain.goal.loss, epochs=epochs, place=Place()):
        pass


def _forget(model: nn.Module) -> None:
    """Give every layer random weights, as it had them when it was made."""
    for module in model.modules():
        reset = getattr(module, "reset_parameters", None)
        if callable(reset):
            reset()


@contextmanager
def _borrowed(domain: Domain) -> Iterator[None]:
    """Use a domain's model and split, and leave both as they were, with as many threads as its recipe has."""
    state = copy.deepcopy(domain.trained.state_dict())
    train, was_training, threads = domain.train, domain.trained.training, torch.get_num_threads()
    random = torch.random.get_rng_state()
    if domain.recipe.threads:
        torch.set_num_threads(domain.recipe.threads)
    try:
        yield
    finally:
        domain.train = train
        domain.trained.load_state_dict(state)
        domain.trained.train(was_training)
        torch.set_num_threads(threads)
        torch.random.set_rng_state(random)
