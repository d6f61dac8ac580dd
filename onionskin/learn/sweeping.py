"""A sweep that can be killed at any moment and goes on as if it had not been: trials in rounds, kept in SQLite.

What is tried next depends on the rounds that are over, the seed and the trial's place, and on nothing else. All trials
of a round are chosen before the first of them begins, and each choice is written down before it is carried out: it is
not made twice. SQLite and not Optuna's journal, in which a half-written last line spoils what comes after it.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from onionskin import registry
from onionskin.errors import OnionskinError
from onionskin.learn import engines
from onionskin.learn.domain import Domain, Json
from onionskin.learn.search import OF_A_PLAN, Space, beginning, described, distributions, plan_of
from onionskin.learn.trials import TENTHS, Job, Outcome
from onionskin.recording.arrays import write_atomically

if TYPE_CHECKING:
    import optuna

#: What was asked for, and the trials.
ASKED: Final = "sweep.json"
TRIALS: Final = "trials.db"

#: So many trials are chosen at random before those that did well are looked at.
_AT_RANDOM: Final = 8

#: Trials are given up only where so many were carried out before them.
_BEFORE_PRUNING: Final = 4


@dataclass(frozen=True)
class Trial:
    """A trial that is over.

    Attributes:
        number: From 0 on, in the order in which they were chosen.
        chosen: The values that were tried, by name.
        plan: What it was trained with.
        value: The measure, the mean over the seeds.
        values: Of each seed.
        measured: All measures of the first seed.
        seconds: What it took.
        is_pruned: Whether it was given up.
        run: Where it was recorded, within the sweep's folder.
    """

    number: int
    chosen: Mapping[str, Json]
    plan: Mapping[str, Any]
    value: float
    values: tuple[float, ...]
    measured: Mapping[str, float]
    seconds: float
    is_pruned: bool
    run: str | None


class Sweep:
    """Trials of one learner. ``for done in sweep: …``, then ``sweep.over()``.

    Args:
        domain: What is trained, with fresh weights.
        folder: Where it is kept, or goes on.
        space: What is chosen from.
        trials: How many in all.
        seeds: Each trial is trained with all of them.
        workers: How many trials make a round, and are carried out at once.
        engine: ``local`` or ``ray``.
        prune: Whether trials that lag behind are given up.
        record: Whether each trial records a run in the folder.

    Raises:
        OnionskinError: The folder has another sweep or something else, or Optuna is not installed.
    """

    def __init__(
        self, domain: Domain, folder: Path, space: Space, *, trials: int, seeds: Sequence[int], workers: int = 1,
        engine: str = "local", prune: bool = False, record: bool = False,
    ) -> None:  # fmt: skip
        try:
            import optuna
        except ModuleNotFoundError as error:
            fix = "pip install 'onionskin[learn]'"
            raise OnionskinError("a sweep needs Optuna, which is not installed", fix=fix) from error
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.domain, self.folder, self.space = domain, folder, space
        self._trials, self._seeds, self._workers = trials, tuple(seeds), workers
        self._prune, self._record = prune, record
        self._engine = registry.load(engines, engine)
        self._distributions = distributions(space)
        source = domain.settings.get("source")
        self._settings = {name: value for name, value in domain.settings.items() if name != "source"}
        self._base = domain if source is None else None
        if self._base is not None and (workers > 1 or len(self._seeds) > 1):
            raise OnionskinError("the data of this learner are only in memory: no other process can open them",
                                 fix="make the learner from a path, or take workers=1 and seeds=1")  # fmt: skip
        self._keep_what_was_asked()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the storage's own libraries
            self._study = optuna.create_study(
                storage=f"sqlite:///{folder / TRIALS}", study_name="sweep", load_if_exists=True,
                direction="maximize" if domain.goal.higher else "minimize", sampler=optuna.samplers.RandomSampler(0),
            )  # fmt: skip

    def __len__(self) -> int:
        return self._trials

    def _keep_what_was_asked(self) -> None:
        """Write down what was asked for, or compare it with what the folder has."""
        d = self.domain
        wanted = {
            "domain": d.name, "source": str(d.settings.get("source")), "settings": self._settings,
            "examples": len(d.train), "space": described(self.space), "seeds": list(self._seeds),
            "workers": self._workers, "prune": self._prune, "record": self._record,
        }  # fmt: skip
        place = self.folder / ASKED
        if place.is_file():
            try:
                had = json.loads(place.read_text(encoding="utf-8"))
            except ValueError as error:
                raise OnionskinError(f"{place} is damaged: {error}", fix="begin the sweep in another folder") from error
            for name, value in json.loads(json.dumps(wanted)).items():
                if had.get(name) != value:
                    raise OnionskinError(f"{self.folder} has a sweep with {name} {had.get(name)}, and {value} "
                                         "was asked for",
                                         fix="ask for the same to go on with it, or choose another folder")  # fmt: skip
            return
        if self.folder.exists() and (not self.folder.is_dir() or any(self.folder.iterdir())):
            raise OnionskinError(f"{self.folder} exists and has no sweep", fix="choose a folder that is new or empty")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_atomically(place, json.dumps(wanted, indent=1).encode())
        except OSError as error:
            raise OnionskinError(
                f"{self.folder} cannot be written: {error.strerror}", fix="choose another place"
            ) from error

    # ------------------------------------------------------------------ carrying out

    def __iter__(self) -> Iterator[int]:
        """Carry out what is left to do, and yield how many trials are over."""
        import optuna

        waiting = optuna.trial.TrialState.RUNNING
        for trial in self._study.get_trials(deepcopy=False, states=(waiting,)):
            if "slot" not in trial.user_attrs:  # killed while it was chosen
                self._study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
        yield len(self._over())
        if len(self._over()) >= self._trials:
            return
        with self._engine.opened(self._workers, self._base) as carry_out:
            while len(self._over()) < self._trials:
                self._choose()
                todo = [t for t in self._study.get_trials(states=(waiting,)) if t.user_attrs["slot"] < self._trials]
                for number, outcome in carry_out([self._job(t) for t in todo]):
                    self._tell(todo[number], outcome)
                    yield len(self._over())

    def _choose(self) -> None:
        """Choose the trials of the next round, where none is open, or the rest of it, where that was interrupted."""
        import optuna

        slots = [t.user_attrs["slot"] for t in self._study.get_trials(deepcopy=False) if "slot" in t.user_attrs]
        taken, is_open = len(slots), self._is_open()
        if taken % self._workers == 0 and is_open:
            return
        for slot in range(taken, (taken // self._workers + 1) * self._workers):
            seed = int(np.random.SeedSequence([self._seeds[0], slot]).generate_state(1)[0])
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                self._study.sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=_AT_RANDOM)
            first = beginning(self.domain, self.space) if slot == 0 else None
            if first is not None and not self._study.get_trials(states=(optuna.trial.TrialState.WAITING,)):
                self._study.enqueue_trial(first)
            trial = self._study.ask(self._distributions)
            trial.set_user_attr("slot", slot)

    def _is_open(self) -> bool:
        import optuna

        running = self._study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,))
        return any(t.user_attrs["slot"] < self._trials for t in running)

    def _job(self, trial: optuna.trial.FrozenTrial) -> Job:
        own = {name: value for name, value in trial.params.items() if name not in OF_A_PLAN}
        slot = trial.user_attrs["slot"]
        run = str(self.folder / _run_of(slot)) if self._record else None
        plan = plan_of(self.domain, trial.params)
        source, settings = self.domain.settings.get("source"), {**self._settings, **own}
        return Job(self.domain.name, source, settings, plan, self._seeds, self._bars(slot), run)

    def _bars(self, slot: int) -> dict[int, float]:
        """Return by tenths of a training what half of the trials of the rounds before had reached (a median rule)."""
        first = slot // self._workers * self._workers
        curves = [told["curve"] for t, told in self._over() if t.user_attrs["slot"] < first and not told["is_pruned"]]
        if not self._prune or len(curves) < _BEFORE_PRUNING:
            return {}
        tenths = range(1, TENTHS)
        seen = {tenth: [curve[str(tenth)] for curve in curves if str(tenth) in curve] for tenth in tenths}
        return {tenth: float(np.median(values)) for tenth, values in seen.items() if len(values) >= _BEFORE_PRUNING}

    def _tell(self, trial: optuna.trial.FrozenTrial, outcome: Outcome) -> None:
        import optuna

        told = asdict(outcome) | {"curve": {str(tenth): value for tenth, value in outcome.curve.items()}}
        self._study.set_user_attr(_outcome_of(trial.user_attrs["slot"]), told)
        if outcome.is_pruned:
            self._study.tell(trial.number, state=optuna.trial.TrialState.PRUNED)
        elif not np.isfinite(outcome.value):
            self._study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
        else:
            self._study.tell(trial.number, outcome.value)

    # ------------------------------------------------------------------ what came out

    def _over(self) -> list[tuple[optuna.trial.FrozenTrial, dict[str, Any]]]:
        """Return the trials that are over with their outcomes, in the order in which they were chosen."""
        told = self._study.user_attrs
        trials = [t for t in self._study.get_trials(deepcopy=False) if t.state.is_finished() and "slot" in t.user_attrs]
        trials.sort(key=lambda t: t.user_attrs["slot"])
        return [(t, told[_outcome_of(t.user_attrs["slot"])]) for t in trials]

    def over(self) -> list[Trial]:
        """Return the trials that are over, in the order in which they were chosen."""
        found = []
        for t, told in self._over():
            slot, values = t.user_attrs["slot"], tuple(told["values"])
            run = _run_of(slot) if self._record else None
            found.append(Trial(slot, t.params, plan_of(self.domain, t.params), sum(values) / len(values), values,
                               told["measured"], told["seconds"], told["is_pruned"], run))  # fmt: skip
        return found

    def importance(self) -> dict[str, float]:
        """Return which share of the spread of the measure each name explains (fANOVA); empty for too few trials.

        Paper: Hutter, Hoos & Leyton-Brown (2014), "An efficient approach for assessing hyperparameter importance".
        """
        import optuna

        whole = [t for t, _ in self._over() if t.state is optuna.trial.TrialState.COMPLETE]
        if len(whole) < _AT_RANDOM or len({t.value for t in whole}) < 2 or len(self.space) < 2:
            return {}
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=self._seeds[0])
        return optuna.importance.get_param_importances(self._study, evaluator=evaluator)


def _outcome_of(slot: int) -> str:
    return f"outcome-{slot}"


def _run_of(slot: int) -> str:
    return f"trial-{slot:03d}"
