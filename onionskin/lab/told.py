"""An answer as plain values: what the pages, the web page and ``--json`` show. FORMAT.md describes it.

It is made anew out of the file of raw numbers every time, machine by machine: a question's file that answers better
tomorrow answers for yesterday's trials as well.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from onionskin.errors import OnionskinError
from onionskin.lab import question as questions
from onionskin.lab.ledger import Ledger
from onionskin.lab.machine import Machine, advice, machine
from onionskin.lab.question import Question
from onionskin.lab.records import Session, Trial
from onionskin.lab.results import Results
from onionskin.lab.statistics import Interval

FORMAT: Final = 1
LEDGER: Final = "lab.sqlite"

#: An answer is of a busy machine when so much of its trials' time was.
_BUSY_SHARE: Final = 0.25

#: A short answer has so many letters; what a question says beyond it stands below.
_AT_A_GLANCE: Final = 280

Told = dict[str, Any]


def told(folder: Path, name: str) -> Told:
    """Return a question with its answers, this machine's first.

    Args:
        folder: The lab's.
        name: The question.

    Raises:
        OnionskinError: There is no such question, or the lab's file cannot be read.
    """
    question = questions.load(name)
    with Ledger(folder / LEDGER) as ledger:
        answers = [_answer(question, ledger, session) for session in telling(ledger, question)]
    again = f"onionskin lab {name}"
    return {
        "format": FORMAT,
        "name": name,
        "question": question.asks,
        "claim": question.claim,
        "method": question.method,
        "cost_seconds": question.cost,
        "again": again,
        "change": question.changes,
        "answers": answers,
    }


def telling(ledger: Ledger, question: Question) -> list[Session]:
    """Return the session that answers for each machine, this one first.

    A full run answers before a quick one, a newer before an older; one that was stopped answers where every arm of it
    has a trial.
    """
    here = machine().key
    best: dict[str, tuple[tuple[bool, str], Session]] = {}
    for session in ledger.sessions(question.name):
        if session.finished is None and not _is_answerable(ledger, session):
            continue
        rank = (not session.is_quick, session.started)
        if session.machine not in best or rank > best[session.machine][0]:
            best[session.machine] = (rank, session)
    return [session for _, session in sorted(best.values(), key=lambda found: found[1].machine != here)]


def _is_answerable(ledger: Ledger, session: Session) -> bool:
    have = {trial.arm for trial in ledger.trials(session)} | set(ledger.skips(session))
    return {arm.name for arm in session.arms} <= have


def results_of(question: Question, ledger: Ledger, session: Session) -> Results:
    """Return the results of a session, as ``answer`` reads them."""
    return Results(
        session.arms, ledger.trials(session), ledger.skips(session), question.measures, is_quick=session.is_quick
    )


def _answer(question: Question, ledger: Ledger, session: Session) -> Told:
    results = results_of(question, ledger, session)
    answer = question.answer(results)
    busy = busy_words(question, results.trials)
    sentence, rest = short(answer.sentence)
    return {
        "machine": _machine(ledger.machines().get(session.machine), session.machine),
        "date": session.started,
        "is_quick": session.is_quick,
        "is_busy": bool(busy),
        "busy": busy,
        "sentence": sentence,
        "rule": answer.rule,
        "claim_holds": answer.claim_holds if _is_repeated(results) else None,
        "notes": [*rest, *answer.notes],
        "charts": [
            {"title": chart.title, "spec": _untitled(plain(chart.spec), chart.title)} for chart in answer.charts
        ],
        "tables": [{"caption": caption, "rows": plain(rows)} for caption, rows in (answer.tables or {}).items()],
        "comparisons": [
            {
                "what": c.what,
                "measure": c.measure,
                "kind": c.kind,
                **_interval(c.interval),
                "text": str(c),
                "differs": c.differs,
            }
            for c in results.comparisons
        ],
        "measures": {
            name: {"unit": m.unit, "meaning": m.meaning, "kind": m.kind} for name, m in question.measures.items()
        },
        "arms": [
            {
                "name": arm.name,
                "settings": plain(arm.settings),
                "numbers": {
                    name: {**_interval(found), "count": found.count}
                    for name in question.measures
                    if (found := results.middle(arm.name, name)).count
                },
            }
            for arm in results.arms
        ],
        "skipped": [{"arm": arm, "reason": reason} for arm, reason in results.skipped.items()],
        "trials": [_trial(trial) for trial in results.trials],
        "versions": dict(session.versions),
        "engine": session.engine,
        "is_finished": session.finished is not None,
    }


def short(sentence: str) -> tuple[str, list[str]]:
    """Return as many clauses of an answer as can be taken in at a glance, and the others, to stand as notes below it.

    Clauses end with a semicolon or a full stop before a space, outside of brackets.
    """
    clauses, begin, depth = [], 0, 0
    for place, letter in enumerate(sentence):
        depth += (letter == "(") - (letter == ")")
        if not depth and letter in ";." and sentence[place + 1 : place + 2] in (" ", ""):
            clauses.append((begin, place))
            begin = place + 2
    if begin < len(sentence):
        clauses.append((begin, len(sentence)))
    kept = max([n for n, (_, end) in enumerate(clauses, 1) if end <= _AT_A_GLANCE] or [1])
    rest = [sentence[start:end] for start, end in clauses[kept:]]
    return sentence[: clauses[kept - 1][1]] + ".", [f"{clause[:1].upper()}{clause[1:]}." for clause in rest]


def _untitled(spec: Told, title: str) -> Told:
    """Return a chart without the title that whoever draws it writes above it."""
    return {name: part for name, part in spec.items() if name != "title" or part != title}


def _is_repeated(results: Results) -> bool:
    """Whether chance can be told at all: one trial of everything decides no claim, unless all trials give the same."""
    repeated = [arm.name for arm in results.arms if not arm.once]
    return not repeated or any(len({t.seed for t in results.trials if t.arm == name}) > 1 for name in repeated)


def _machine(found: Machine | None, key: str) -> Told:
    return {"key": key, "name": found.name if found else key, "details": dict(found.details) if found else {}}


def _interval(found: Interval) -> Told:
    return {"value": plain(found.value), "low": plain(found.low), "high": plain(found.high)}


def _trial(t: Trial) -> Told:
    return {
        "arm": t.arm,
        "seed": t.seed,
        "started": t.started,
        "wall_seconds": t.wall_seconds,
        "cpu_seconds": t.cpu_seconds,
        "others": t.others,
        "is_busy": t.is_busy,
        "numbers": plain(t.numbers),
        "runs": list(t.runs),
    }


def busy_words(question: Question, trials: Sequence[Trial]) -> str:
    """Return that the machine was busy, and what to do; empty where it was not, or where it does not matter."""
    seconds = sum(t.wall_seconds for t in trials)
    if not question.is_timed or not seconds:
        return ""
    share = sum(t.wall_seconds for t in trials if t.is_busy) / seconds
    return advice(sum(t.wall_seconds * t.others for t in trials) / seconds) if share > _BUSY_SHARE else ""


def listed(folder: Path) -> list[Told]:
    """Return all questions in reading order, each with its short answers so far.

    Raises:
        OnionskinError: The lab's file cannot be read.
    """
    known = {name: _listed(name) for name in questions.names()}
    if (folder / LEDGER).is_file():
        with Ledger(folder / LEDGER) as ledger:
            asked = {session.question for session in ledger.sessions()}
            for name in [name for name in known if name in asked and "error" not in known[name]]:
                question = questions.load(name)
                answers = (_answer(question, ledger, session) for session in telling(ledger, question))
                known[name]["answers"] = [
                    {"machine": a["machine"]["name"], **{k: a[k] for k in ("date", "sentence", "is_quick", "is_busy")}}
                    for a in answers
                ]
    return list(known.values())


def _listed(name: str) -> Told:
    try:
        question = questions.load(name)
    except OnionskinError as error:  # the others can be asked all the same
        return {"name": name, "question": error.what, "claim": "", "cost_seconds": 0, "answers": [], "error": error.fix}
    cost = {"cost_seconds": question.cost}
    return {"name": name, "question": question.asks, "claim": question.claim, **cost, "answers": []}


def plain(value: Any) -> Any:
    """Return a value as JSON has it: None for what is not finite, lists for tuples, NumPy's numbers as Python's."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    item = getattr(value, "item", None)
    if item is not None and not isinstance(value, str):
        value = item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
