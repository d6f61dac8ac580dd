"""Which settings to train with: trials chosen one after the other by what the ones before them showed.

Papers: Bergstra, Bardenet, Bengio & Kégl (2011), "Algorithms for hyper-parameter optimization" (the tree-structured
Parzen estimator); Akiba, Sano, Yanase, Ohta & Koyama (2019), "Optuna", arXiv 1907.10902.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from onionskin.errors import OnionskinError
from onionskin.learn.goals.one_of import OneOf
from onionskin.learn.intervals import wilson
from onionskin.learn.report import Axis, Block, Caution, Chart, Report, Series, Table, Text
from onionskin.learn.search import OF_A_PLAN, Choice, asked, beginning, usual
from onionskin.learn.sweeping import Sweep, Trial
from onionskin.watch.paths import free_path

if TYPE_CHECKING:
    from onionskin.learn.learner import Learner

#: In the chart of settings: the best, and as many of the worst.
_DRAWN: Final = 5


def sweep(learner: Learner, trials: int = 20, **options: Any) -> Report:
    """Carry out trials and return which settings were best. Killed at any moment, the same call goes on.

    Args:
        learner: Made from data; each trial begins with fresh weights, and the learner stays as it is.
        trials: How many in all; the first has the recipe's own settings, if the space holds them.
        options: As in :func:`sweeping`.

    Raises:
        OnionskinError: An argument makes no sense, or the folder has something else.
    """
    work = sweeping(learner, trials, **options)
    for _ in work:
        pass
    return report_of(work)


def sweeping(
    learner: Learner, trials: int = 20, *, folder: str | Path | None = None, space: Mapping[str, Any] | None = None,
    engine: str = "local", workers: int = 1, seeds: int = 1, prune: bool = False, record: bool = False,
) -> Sweep:  # fmt: skip
    """Return a sweep that is about to run: iterate over it for its progress, then :func:`report_of`.

    Args:
        learner: Made from data.
        trials: How many in all.
        folder: Where it is kept, and goes on if it is there; by default a new one, ``sweeps/<domain>-<n>``.
        space: What to choose from, such as ``{"lr": (1e-4, 1e-1), "batch": [16, 32]}``: a range along its logarithm, or
            a list of choices, for ``lr``, ``weight_decay``, ``batch``, ``epochs`` and settings of the domain. By
            default around the recipe.
        engine: ``local``, or ``ray`` for a cluster. The same trials have the same outcomes on both.
        workers: How many trials are chosen and carried out at once.
        seeds: How many trainings a trial is the mean of.
        prune: Give up trials that lag behind half of those before them.
        record: Record each trial as a run in the folder.

    Raises:
        OnionskinError: An argument makes no sense, or the folder has something else.
    """
    for name, value in (("trials", trials), ("workers", workers), ("seeds", seeds)):
        if value < 1:
            raise OnionskinError(f"{name}={value!r}", fix="give a whole number from 1 on")
    domain = learner._with_data().domain
    if learner.is_trained and domain.settings.get("source") is None:
        raise OnionskinError("this learner is trained, and its data are only in memory: there are no fresh weights",
                             fix="make the learner anew, and sweep before you fit")  # fmt: skip
    place = Path(folder) if folder is not None else free_path(Path("sweeps") / f"{domain.name}-1")
    chosen = usual(domain) if space is None else asked(domain, space)
    return Sweep(domain, place, chosen, trials=trials, seeds=range(learner.seed, learner.seed + seeds), workers=workers,
                 engine=engine, prune=prune, record=record)  # fmt: skip


def report_of(work: Sweep) -> Report:
    """Return what a sweep has found out so far. Raises OnionskinError before its first trial is over."""
    goal = work.domain.goal
    sign = 1 if goal.higher else -1
    over = work.over()
    ranked = sorted(
        (t for t in over if not t.is_pruned and math.isfinite(t.value)), key=lambda t: (-sign * t.value, t.number)
    )
    if not ranked:
        raise OnionskinError(
            "no trial of the sweep has ended with a number", fix="try lower learning rates, or more trials"
        )
    best, first = ranked[0], over[0]
    given_up = sum(t.is_pruned for t in over)
    settings = ", ".join(f"{name}={_said(best, name)}" for name in work.space)
    shown = goal.shown({goal.measure: best.value})
    answer = f"Of {len(over)} trials, number {best.number} was best: {shown} with {settings}."
    blocks: list[Block] = [Text(_how(work, best, first))]
    blocks += _noise(work, ranked)
    blocks.append(_over_time(work, over, sign))
    blocks += [_along(work, ranked, name) for name, one in work.space.items() if not isinstance(one, Choice)]
    blocks.append(_side_by_side(work, ranked))
    if shares := work.importance():
        rows = sorted(shares.items(), key=lambda share: -share[1])
        blocks.append(Table(["setting", "share of the spread"], rows, "which setting the measure depended on (fANOVA)"))
    blocks.append(_table(work, ranked, over))
    facts = {"trials": len(over), "given_up": given_up, "best": best.number, goal.measure: best.value,
             "first": first.value, "seconds": sum(t.seconds for t in over),
             **{name: _said(best, name) for name in work.space}}  # fmt: skip
    report = Report("sweep", "Which settings", answer, blocks, facts)
    report.save(work.folder / "sweep.html")
    report.save(work.folder / "report.json")
    return report


def _said(trial: Trial, name: str) -> Any:
    """Return a setting as it was trained with."""
    return trial.plan[name] if name in OF_A_PLAN else trial.chosen[name]


def _how(work: Sweep, best: Trial, first: Trial) -> str:
    goal = work.domain.goal
    own = [f"{name}={_said(best, name)!r}" for name in work.space if name not in OF_A_PLAN]
    plan = ", ".join(f"{name}={_said(best, name)!r}" for name in work.space if name in OF_A_PLAN)
    made = f"make the learner with {', '.join(own)}, and train it" if own else "train"
    words = f"To use it, {made} with fit({plan})."
    if beginning(work.domain, work.space) is not None:
        came = goal.shown({goal.measure: first.value})
        words += f" The first trial, with the recipe's own settings, came to {came}."
    return words


def _noise(work: Sweep, ranked: Sequence[Trial]) -> list[Block]:
    """Say how much of the difference may be chance."""
    words = "The best of many looks better than it is: it was chosen on the very examples that it is measured on."
    if isinstance(work.domain.goal, OneOf):
        count = len(work.domain.valid)
        low, _ = wilson(ranked[0].value * count, count)
        near = sum(t.value >= low for t in ranked) - 1
        words += (f" With {count:,} held-out examples, {near} other trials are within its interval of 95 % "
                  f"(down to {100 * low:.1f} %).")  # fmt: skip
    return [
        Caution(words, "train the best with other seeds, or sweep with seeds=3, before you believe a small difference")
    ]


def _over_time(work: Sweep, over: Sequence[Trial], sign: int) -> Chart:
    whole = [t for t in over if not t.is_pruned and math.isfinite(t.value)]
    best = [max((t.value for t in whole[: k + 1]), key=lambda value: sign * value) for k in range(len(whole))]
    numbers = [t.number for t in whole]
    series = [Series("a trial", numbers, [t.value for t in whole], mark="points"), Series("best so far", numbers, best)]
    return Chart(Axis("trial"), Axis(work.domain.goal.measure), series)


def _along(work: Sweep, ranked: Sequence[Trial], name: str) -> Chart:
    series = [Series(name, [_said(t, name) for t in ranked], [t.value for t in ranked], mark="points")]
    return Chart(Axis(name, log=True), Axis(work.domain.goal.measure), series, caption=f"all trials by {name}")


def _side_by_side(work: Sweep, ranked: Sequence[Trial]) -> Chart:
    """Return a line for each of some trials across the settings, each from its lowest to its highest."""
    names = [*work.space, work.domain.goal.measure]
    scaled = [_scaled([t.value if name == names[-1] else _said(t, name) for t in ranked]) for name in names]
    few = len(ranked) <= 2 * _DRAWN
    places = list(range(len(ranked))) if few else [*range(_DRAWN), *range(len(ranked) - _DRAWN, len(ranked))]
    series = [Series(f"{place + 1}. (trial "
                     f"{ranked[place].number})", range(len(names)), [column[place] for column in scaled])
              for place in places]  # fmt: skip
    return Chart(Axis("setting", ticks=names), Axis("from its lowest to its highest"), series,
                 caption="the best trials" + ("" if few else " and the worst ones") + ", side by side")  # fmt: skip


def _scaled(values: Sequence[Any]) -> list[float]:
    """Return values from 0 to 1: numbers above 0 along their logarithm, choices in their order."""
    if not all(isinstance(value, (int, float)) for value in values):
        kinds = sorted(map(str, set(values)))
        values = [kinds.index(str(value)) for value in values]
    elif all(value > 0 for value in values):
        values = [math.log(value) for value in values]
    low, high = min(values), max(values)
    return [0.5 if low == high else (value - low) / (high - low) for value in values]


def _table(work: Sweep, ranked: Sequence[Trial], over: Sequence[Trial]) -> Table:
    given_up = [t for t in over if t not in ranked]
    columns = ["trial", *work.space, work.domain.goal.measure, "spread", "seconds", "given up"]
    rows = [(t.number, *(_cell(_said(t, name)) for name in work.space), t.value,
             max(t.values) - min(t.values) if len(t.values) > 1 else None, round(t.seconds, 1), t.is_pruned)
            for t in [*ranked, *given_up]]  # fmt: skip
    return Table(columns, rows[:1000], "the best first; spread: between the seeds")


def _cell(value: Any) -> Any:
    return value if isinstance(value, (int, float, str, bool)) or value is None else str(value)
