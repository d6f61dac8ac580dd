"""One trial of a sweep: a training from fresh weights that another process or machine can carry out as well."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from onionskin import registry
from onionskin.learn import domains
from onionskin.learn.copied import apart, copied
from onionskin.learn.domain import Domain, Json, again
from onionskin.learn.training import Plan, Training

#: Trainings of different length are compared at the same share of their epochs, in tenths.
TENTHS: Final = 10

#: No trial is given up in its first two tenths: learning rates are still rising.
_SPARED: Final = 2


@dataclass(frozen=True)
class Job:
    """What a trial is to do, in words that travel.

    Attributes:
        domain, source, settings: How to make the domain, as a learner's own settings are.
        plan: Epochs, batch, learning rate, weight decay.
        seeds: The training is repeated with each of them.
        bars: By tenths of the training, what the measure has to have reached; empty to give none up.
        run: Where to record it; None for nowhere.
    """

    domain: str
    source: Json
    settings: Mapping[str, Json]
    plan: Mapping[str, Any]
    seeds: tuple[int, ...]
    bars: Mapping[int, float]
    run: str | None = None


@dataclass(frozen=True)
class Outcome:
    """How a trial ended.

    Attributes:
        values: The measure that decides, of each seed.
        measured: All measures of the first seed.
        curve: By tenths of the training, the best measure so far of the first seed.
        seconds: What it took.
        is_pruned: Whether it was given up.
    """

    values: tuple[float, ...]
    measured: Mapping[str, float]
    curve: Mapping[int, float]
    seconds: float
    is_pruned: bool

    @property
    def value(self) -> float:
        """The mean over the seeds."""
        return sum(self.values) / len(self.values)


def outcome(job: Job, base: Domain | None = None) -> Outcome:
    """Carry out a trial. The same job has the same outcome, but for its seconds.

    Args:
        job: What to do.
        base: The domain with fresh weights, where its data are only in memory.

    Raises:
        OnionskinError: The data are not where the job says, or a setting makes no sense.
    """
    began = time.perf_counter()
    values: list[float] = []
    measured: Mapping[str, float] = {}
    curve: dict[int, float] = {}
    is_pruned = False
    for number, seed in enumerate(job.seeds):
        domain = base if base is not None else _made(job, seed)
        with apart(seed):
            found, said, path = _trained(copied(domain), job, seed, is_first=number == 0)
        values.append(found)
        if number == 0:
            measured, curve = said, path
            is_pruned = TENTHS not in path
            if is_pruned:
                break
    return Outcome(tuple(values), dict(measured), curve, time.perf_counter() - began, is_pruned)


def _trained(
    domain: Domain, job: Job, seed: int, *, is_first: bool
) -> tuple[float, Mapping[str, float], dict[int, float]]:
    """Return the best measure, all measures, and the best so far by tenths; it has no last tenth where given up."""
    goal = domain.goal
    run = Path(job.run) if job.run is not None and is_first else None
    if run is not None and run.exists():
        shutil.rmtree(run)  # what a killed sweep had begun
    training = Training(domain, Plan(**job.plan, seed=seed), run=run)
    curve: dict[int, float] = {}
    best, epoch, said = -float("inf") if goal.higher else float("inf"), 0, {}
    better = max if goal.higher else min
    steps = iter(training)
    for progress in steps:
        if progress.epoch == epoch:
            continue
        epoch, said = progress.epoch, dict(progress.measured)
        best = better(best, said[goal.measure])
        tenth = TENTHS * epoch // progress.epochs
        curve[tenth] = best
        bar = job.bars.get(tenth)
        if is_first and bar is not None and tenth >= _SPARED and better(best, bar) != best:
            steps.close()  # a generator: the recording is closed
            return best, said, curve
    result = training.result
    value = result.measured[goal.measure]
    curve[TENTHS] = value
    return value, result.measured, curve


#: The domain that was made last, and what of: many trials of a process have the same data.
_LAST: list[tuple[str, Domain]] = []


def _made(job: Job, seed: int) -> Domain:
    settings = dict(job.settings)
    if "seed" in settings:
        settings["seed"] = seed
    key = json.dumps([job.domain, job.source, settings], sort_keys=True)
    if not _LAST or _LAST[0][0] != key:
        _LAST.clear()  # first, so that two are never in memory
        kind: type[Domain] = registry.load(domains, job.domain).DOMAIN
        _LAST.append((key, kind(again(job.source), **settings)))
    return _LAST[0][1]
