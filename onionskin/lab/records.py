"""What a lab's file keeps: sessions and trials, and how they become rows and are read again."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

from onionskin.errors import OnionskinError
from onionskin.lab.machine import Machine
from onionskin.lab.question import Arm

#: The columns, in the order in which rows are read.
SESSION: Final = "id, question, source, is_quick, seeds, engine, machine, started, finished, versions, arms"
TRIAL: Final = "arm, seed, machine, started, wall_seconds, cpu_seconds, others, is_busy, runs"


@dataclass(frozen=True)
class Trial:
    """One measurement of an arm.

    Attributes:
        arm, seed: Of which arm, in which round.
        machine: The key of the machine that carried it out.
        started: When (UTC).
        wall_seconds, cpu_seconds: What it took.
        others: How many cores others kept busy meanwhile.
        is_busy: Whether that was too much to trust a time.
        numbers: What it gave, by measure.
        runs: The recorded runs, as paths within the lab's folder.
    """

    arm: str
    seed: int
    machine: str
    started: str
    wall_seconds: float
    cpu_seconds: float
    others: float
    is_busy: bool
    numbers: Mapping[str, float]
    runs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Session:
    """One asking of a question.

    Attributes:
        id: Its own, on all machines.
        question, source: What was asked, and the hash of its file.
        is_quick, seeds, engine: How it was asked; seeds is None where trials repeat until they are enough.
        machine: The key of the machine that asked.
        started, finished: When (UTC); finished is None while it runs, or where it was stopped.
        versions: By package.
        arms: What was compared.
    """

    id: str
    question: str
    source: str
    is_quick: bool
    seeds: int | None
    engine: str
    machine: str
    started: str
    finished: str | None
    versions: Mapping[str, str]
    arms: Sequence[Arm]


def now() -> str:
    """Return the time as the file has it: UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _arm(content: Any) -> Arm:
    """Return an arm out of its JSON; lists become tuples again."""
    settings = {k: tuple(v) if isinstance(v, list) else v for k, v in content["settings"].items()}
    return Arm(str(content["name"]), settings, tuple(content["needs"]), bool(content["once"]))


def parsed(text: str, kind: type) -> Any:
    """Return the JSON of a column. Raises OnionskinError where it is damaged."""
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if not isinstance(content, kind):
        raise OnionskinError("the lab's file is damaged: a column has no JSON", fix="begin another with --into FOLDER")
    return content


def write_machine(file: sqlite3.Connection, machine: Machine) -> None:
    """Write a machine, unless it is there."""
    file.execute(
        "INSERT OR IGNORE INTO machines VALUES (?, ?, ?)",
        (machine.key, machine.name, json.dumps(dict(machine.details))),
    )


def write_session(file: sqlite3.Connection, s: Session) -> None:
    """Write a new session."""
    row = (
        s.id,
        s.question,
        s.source,
        s.is_quick,
        s.seeds,
        s.engine,
        s.machine,
        s.started,
        s.finished,
        json.dumps(dict(s.versions)),
        json.dumps([asdict(arm) for arm in s.arms]),
    )
    file.execute(f"INSERT INTO sessions VALUES ({', '.join('?' * len(row))})", row)


def write_trial(file: sqlite3.Connection, session: str, t: Trial) -> None:
    """Write a trial with its numbers, unless it is there."""
    row = (
        session,
        t.arm,
        t.seed,
        t.machine,
        t.started,
        t.wall_seconds,
        t.cpu_seconds,
        t.others,
        t.is_busy,
        json.dumps(list(t.runs)),
    )
    done = file.execute(f"INSERT OR IGNORE INTO trials (session, {TRIAL}) VALUES ({', '.join('?' * len(row))})", row)
    if done.rowcount:
        file.executemany(
            "INSERT INTO numbers VALUES (?, ?, ?)",
            [(done.lastrowid, name, value if math.isfinite(value) else None) for name, value in t.numbers.items()],
        )


def session_of(row: Sequence[Any]) -> Session:
    """Return a session out of its row."""
    name, question, source, is_quick, *rest = row
    arms = [_arm(arm) for arm in parsed(row[10], list)]
    seeds, engine, machine, started, finished = rest[:5]
    kept = parsed(row[9], dict)
    return Session(name, question, source, bool(is_quick), seeds, engine, machine, started, finished, kept, arms)


def trial_of(row: Sequence[Any], numbers: Mapping[str, float]) -> Trial:
    """Return a trial out of its row and its numbers."""
    arm, seed, machine, started, wall, cpu, others, is_busy, runs = row
    return Trial(arm, seed, machine, started, wall, cpu, others, bool(is_busy), numbers, tuple(parsed(runs, list)))
