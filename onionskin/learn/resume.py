"""Finds again what a stopped training was: its data, its settings and its plan, from the checkpoint in its run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from onionskin import registry
from onionskin.errors import OnionskinError
from onionskin.learn import domains
from onionskin.learn.checkpoint import asked_of
from onionskin.learn.domain import again
from onionskin.learn.learner import Learner
from onionskin.learn.training import PLANNED


def stopped(run: Path) -> tuple[Learner, dict[str, Any]]:
    """Return the learner of a stopped training as it was made, and what ``learner.training(…)`` was given.

    Raises:
        OnionskinError: The run has no checkpoint, a damaged one, or was trained on data that were in memory.
    """
    asked = asked_of(run)
    try:
        settings = dict(asked["settings"])
        source = settings.pop("source", None)
        if source is None:
            raise OnionskinError(f"the training in {run} was on data in memory",
                                 fix="make the learner from them again, and call fit(run=…, resume=True)")  # fmt: skip
        domain = registry.load(domains, str(asked["domain"])).DOMAIN(again(source), **settings)
        return Learner(domain, seed=int(asked["seed"])), {name: asked[name] for name in PLANNED}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise OnionskinError(f"the checkpoint of {run} cannot be used: {type(error).__name__}: {error}",
                             fix="begin a new training without --resume") from error  # fmt: skip
