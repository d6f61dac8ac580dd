"""Asking a question: its arms in rounds, interleaved in random order, until the answer is sure enough or time is up.

Every round measures each arm once, in an order drawn for that round: what drifts (heat, other people's work) meets all
arms alike, and two arms are compared round by round. A killed session goes on with the trials that are missing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np

from onionskin import registry
from onionskin.errors import OnionskinError
from onionskin.lab import engines, pages
from onionskin.lab.ledger import Ledger
from onionskin.lab.machine import machine, versions
from onionskin.lab.question import Arm, Question, load
from onionskin.lab.records import Session
from onionskin.lab.statistics import interval
from onionskin.lab.told import LEDGER, Told
from onionskin.lab.trial import Outcome, Task

#: A quick answer takes at most 20 seconds; this many are for its trials, the rest for starting and drawing.
QUICK_SECONDS: Final = 12.0
QUICK_ROUNDS: Final = 2

#: So many rounds at most, when no number of seeds was asked for.
MOST_ROUNDS: Final = 40

#: A full run takes what its question says, but may finish the rounds that it cannot do without.
_FEWEST_ROUNDS: Final = 3


@dataclass(frozen=True)
class Progress:
    """How far a session is.

    Attributes:
        done: Trials that are over.
        round: Which round it is in, from 1.
        seconds_left: About how long it will take at most.
        note: What was measured last.
    """

    done: int
    round: int
    seconds_left: float
    note: str


class Asking:
    """A question that is being asked. ``for progress in asking: …``, then ``asking.pages()``.

    Args:
        name: The question.
        into: The lab's folder.
        is_quick: Whether an answer in 20 seconds will do.
        seeds: Exactly so many rounds; by default as many as it takes.
        resume: Whether to go on with the session that was stopped.
        engine: ``local`` or ``ray``.
        address: Of a Ray cluster.
        seconds: Time for the trials; by default what the question costs.

    Raises:
        OnionskinError: There is no such question or engine, the folder cannot be written, there is nothing to go on
            with, or the cluster does not answer.
    """

    def __init__(
        self,
        name: str,
        into: str | Path = "lab",
        *,
        is_quick: bool = False,
        seeds: int | None = None,
        resume: bool = False,
        engine: str = "local",
        address: str | None = None,
        seconds: float | None = None,
    ) -> None:
        if seeds is not None and seeds < 1:
            raise OnionskinError(f"{seeds} seeds", fix="give at least 1, and 3 or more for an interval")
        if address is not None and engine != "ray":
            raise OnionskinError(f"an address was given for engine '{engine}'", fix="add --engine ray")
        self.question = load(name)
        self.folder = Path(into)
        self.machine = machine()
        self._engine = registry.load(engines, engine)
        self._address = address
        self.seconds = seconds or (QUICK_SECONDS if is_quick else self.question.cost)
        with Ledger(self.folder / LEDGER) as ledger:
            self.session = self._resumed(ledger, is_quick, seeds) if resume else None
            self.had = len(ledger.trials(self.session)) if self.session else 0
            if self.session is None:
                self.session = ledger.begin(
                    name,
                    self.question.source,
                    self.question.arms(is_quick),
                    self.machine,
                    versions(),
                    is_quick=is_quick,
                    seeds=seeds,
                    engine=engine,
                )

    def _resumed(self, ledger: Ledger, is_quick: bool, seeds: int | None) -> Session:
        """Return the newest session of this machine that was stopped."""
        asked = self.question.name
        stopped = [
            s
            for s in ledger.sessions(asked)
            if s.machine == self.machine.key and s.finished is None and s.is_quick == is_quick
        ]
        if not stopped:
            raise OnionskinError(
                f"'{asked}' was not stopped in {ledger.path}: there is nothing to go on with",
                fix=f"onionskin lab {asked}{' --quick' if is_quick else ''}",
            )
        session = stopped[0]
        if session.source != self.question.source:
            raise OnionskinError(
                f"the file of '{asked}' has changed since it was asked at {session.started}",
                fix="ask anew, without --resume; what was measured stays in the file",
            )
        if seeds is not None and seeds != session.seeds:
            was = "as many rounds as it takes" if session.seeds is None else f"--seeds {session.seeds}"
            raise OnionskinError(
                f"'{asked}' was begun with {was}, and --seeds {seeds} was given", fix="leave --seeds out"
            )
        return session

    def __iter__(self) -> Iterator[Progress]:
        """Carry the trials out, and yield after each. What is over is in the file before it is yielded."""
        session = self._session()
        with Ledger(self.folder / LEDGER) as ledger, self._opened() as carry_out:
            plan = _Plan(self.question, session, ledger, self.seconds)
            while tasks := plan.round(str(self.folder)):
                for outcome in carry_out(tasks):
                    plan.take(outcome)
                    yield plan.progress(outcome)
            if not any(ledger.trials(session)):
                reasons = "; ".join(f"{arm}: {why}" for arm, why in ledger.skips(session).items())
                raise OnionskinError(
                    f"no arm of '{self.question.name}' can be measured here: {reasons}",
                    fix="install what is missing, or ask on another machine and merge its file",
                )
            ledger.finish(session)

    def pages(self) -> Path:
        """Write the answer's pages, and return the HTML one."""
        page = pages.write(self.folder, self.question.name)
        pages.write_index(self.folder)
        return page

    def _session(self) -> Session:
        assert self.session is not None
        return self.session

    def _opened(self) -> AbstractContextManager[Callable[[Sequence[Task]], Iterator[tuple[Task, Outcome]]]]:
        opened: AbstractContextManager[Callable[[Sequence[Task]], Iterator[tuple[Task, Outcome]]]] = (
            self._engine.opened(self.question, self._address)
        )
        return opened


class _Plan:
    """Which trials come next, and when there are enough."""

    def __init__(self, question: Question, session: Session, ledger: Ledger, seconds: float) -> None:
        self._question, self._session, self._ledger = question, session, ledger
        self._seconds, self._began = seconds, time.perf_counter()
        self._trials = {(t.arm, t.seed): t for t in ledger.trials(session)}
        self._skipped = set(ledger.skips(session))
        self._warm: set[str] = set()
        self._number = 0
        self._longest = 0.0
        self._round_began = self._began

    def round(self, folder: str) -> list[Task]:
        """Return the trials of the next round that are missing, in random order; empty when it is over."""
        while not self._is_over():
            seed = self._number
            self._number += 1
            arms = [arm for arm in self._session.arms if arm.name not in self._skipped and (seed == 0 or not arm.once)]
            missing = [arm for arm in arms if (arm.name, seed) not in self._trials]
            if missing:
                order = np.random.default_rng([seed, len(missing)]).permutation(len(missing))
                self._longest = max(self._longest, time.perf_counter() - self._round_began if self._number > 1 else 0.0)
                self._round_began = time.perf_counter()
                return [self._task(missing[i], seed, folder) for i in order]
        return []

    def _task(self, arm: Arm, seed: int, folder: str) -> Task:
        task = Task(self._question.name, arm, seed, folder, arm.name in self._warm)
        self._warm.add(arm.name)
        return task

    def take(self, done: tuple[Task, Outcome]) -> None:
        """Keep what was measured."""
        task, outcome = done
        if outcome.trial is None:
            self._skipped.add(task.arm.name)
            self._ledger.skip(self._session, task.arm.name, outcome.reason)
            return
        self._trials[task.arm.name, task.seed] = outcome.trial
        self._ledger.keep(self._session, outcome.trial, outcome.machine)

    def progress(self, done: tuple[Task, Outcome]) -> Progress:
        """Return how far it is."""
        task, outcome = done
        note = f"{task.arm.name}: skipped" if outcome.trial is None else task.arm.name
        return Progress(len(self._trials), self._number, max(0.0, self._seconds - self._spent()), note)

    def _spent(self) -> float:
        return time.perf_counter() - self._began

    def _is_over(self) -> bool:
        done, is_quick = self._number, self._session.is_quick
        repeated = [arm for arm in self._session.arms if not arm.once and arm.name not in self._skipped]
        if done and not repeated:
            return True
        if self._session.seeds is not None:
            return done >= self._session.seeds
        fewest = QUICK_ROUNDS if is_quick else max(_FEWEST_ROUNDS, self._question.seeds)
        if done < fewest and not (is_quick and done and self._spent() > self._seconds):
            return False
        took = max(self._longest, time.perf_counter() - self._round_began)
        return done >= MOST_ROUNDS or self._spent() + took > self._seconds or self._is_sure(repeated)

    def _is_sure(self, arms: Sequence[Arm]) -> bool:
        """Whether every interval of the deciding measure is narrow enough."""
        measure = self._question.measures[self._question.decides]
        for arm in arms:
            values = np.array(
                [t.numbers[self._question.decides] for (name, _), t in self._trials.items() if name == arm.name]
            )
            values = values[np.isfinite(values)]
            if not len(values):
                continue
            found = interval(values, measure.kind)
            allowed = measure.precision * (1.0 if measure.kind == "score" else abs(found.value))
            if not found.half <= allowed:
                return False
        return True


def ask(name: str, into: str | Path = "lab", **settings: object) -> Told:
    """Ask a question and return its answer; settings are those of :class:`Asking`. Raises OnionskinError."""
    asking = Asking(name, into, **settings)  # type: ignore[arg-type]  # passed through as they are
    for _ in asking:
        pass
    return answered(asking.pages())


def answered(page: Path) -> Told:
    """Return an answer as it was just written beside its HTML page."""
    answer: Told = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    return answer


def standing(name: str, into: str | Path = "lab", *, is_quick: bool = False) -> Literal["new", "stopped", "answered"]:
    """Return how far this machine is with a question, as its file is now: an old version's answers do not count.

    A full answer answers a quick asking as well. Raises OnionskinError: there is no such question, or the lab's file
    cannot be read.
    """
    source = load(name).source
    if not (Path(into) / LEDGER).is_file():
        return "new"
    with Ledger(Path(into) / LEDGER) as ledger:
        sessions = ledger.sessions(name)
    mine = [session for session in sessions if session.machine == machine().key and session.source == source]
    if any(session.finished and session.is_quick <= is_quick for session in mine):
        return "answered"
    return "stopped" if any(not s.finished and s.is_quick == is_quick for s in mine) else "new"
