"""A learner's own training as something to peel: its model as it begins, its first batches, its loss, its optimizer."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any, Final

from onionskin.errors import OnionskinError
from onionskin.learn.domain import again
from onionskin.learn.learner import Learner
from onionskin.learn.saved import load
from onionskin.peel.plan import Plan, plan

#: Step ``i`` of every level takes batch ``i % BATCHES`` of the training's own.
BATCHES: Final = 8


def plan_learner(learner: Learner, **options: Any) -> Plan:
    """Return a learner's training, to be peeled: what its loop runs, at the highest learning rate of its recipe.

    Where features are frozen and kept, that is the part behind them.

    Args:
        learner: A learner with its data.
        options: As :func:`onionskin.peel` takes them; what is None is the learner's own.

    Raises:
        OnionskinError: It has no data, or see :func:`onionskin.peel`.
    """
    d, recipe = learner.domain, learner.domain.recipe
    if not len(d.train):
        raise OnionskinError("this learner has no data to peel a step of", fix="open them first: learner.open_data()")
    size = min(recipe.batch, len(d.train))
    batches = list(islice(d.batches(0, 0, size=size, seed=learner.seed), BATCHES))
    chosen = {name: value for name, value in options.items() if value is not None}
    chosen.setdefault("loss", d.goal.peeled_loss)
    chosen.setdefault("optimizer", d.optimizer(recipe.lr, recipe.weight_decay))
    chosen.setdefault("name", d.name)
    d.trained.train()
    return plan(d.trained, batches, **chosen)


def plan_run(path: Path, **options: Any) -> Plan:
    """Return the training of a run by ``onionskin train``, from its first weights on. Raises OnionskinError."""
    kept = load(path).open_data()
    d = kept.domain
    settings = dict(d.settings)
    return plan_learner(Learner(type(d)(again(settings.pop("source")), **settings), seed=kept.seed), **options)
