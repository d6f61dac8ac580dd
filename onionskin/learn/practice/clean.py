"""What may be wrong with the data, as a report. Originals are never touched: what is decided goes into a small CSV.

``suspects.py`` says how it is found, ``decisions.py`` where decisions are kept, ``desk/`` is the page to decide on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from onionskin.learn.decisions import Decision, key_of
from onionskin.learn.domain import Domain
from onionskin.learn.folds import FOLDS
from onionskin.learn.goals.one_of import OneOf
from onionskin.learn.report import Block, Caution, Cell, Gallery, Item, Matrix, Report, Table, Text
from onionskin.learn.suspects import ISSUES, Suspect, Suspicions, Told, suspicions

if TYPE_CHECKING:
    from onionskin.learn.learner import Learner

#: Models that agree with fewer labels are no good judges of them.
WEAK: Final = 0.85

#: No gallery shows more.
_SHOWN: Final = 48


def clean(
    learner: Learner,
    *,
    folds: int = FOLDS,
    epochs: int | None = None,
    decisions: Mapping[str, Decision] | None = None,
    told: Told | None = None,
) -> Report:
    """Return which labels look wrong, what is there twice, and what is unlike all others.

    Args:
        learner: With its data; it need not be trained.
        folds, epochs: Of the cross-validation.
        decisions: Those that were made already are said so.
        told: Called as the work goes on.
    """
    return report_of(
        learner.domain, suspicions(learner.domain, folds=folds, epochs=epochs, seed=learner.seed, told=told), decisions
    )


def report_of(domain: Domain, found: Suspicions, decisions: Mapping[str, Decision] | None = None) -> Report:
    """Return what was found as a report."""
    made = decisions or {}
    by = {issue: [s for s in found.suspects if s.issue == issue] for issue in ISSUES}
    total = len(found.rows)
    parts = [
        f"{len(by['label']):,} of {total:,} labels look wrong" if found.doubts is not None else f"{total:,} examples",
        _said(len(by["duplicate"]), "is a near-duplicate of another one", "are near-duplicates of others"),
        _said(len(by["outlier"]), "is unlike all others", "are unlike all others"),
    ]
    if any(note.startswith("outliers") for note in found.notes):
        del parts[2]
    leaks = _leaks(domain, by["duplicate"])
    agreement = found.agreement
    blocks: list[Block] = [Text(note.capitalize() + ".") for note in found.notes]
    if agreement is not None and agreement < WEAK and by["label"]:
        blocks.append(Caution(
            f"the models that judged labels agree with {100 * agreement:.0f} % of them: where they are often wrong "
            "themselves, so is this list, above all further down",
            "decide on the first ones, and stop where most are right; or judge with a better model: --epochs, --model",
        ))  # fmt: skip
    if leaks:
        blocks.append(Caution(
            f"{leaks:,} held-out examples are nearly the same as one that is trained on: the measure is better than it "
            "would be on new ones",
            "drop them, or split so that they stay together (split='apart' for photos)",
        ))  # fmt: skip
    names = {"label": "Labels that look wrong, the least probable first: said to be, taken for",
             "duplicate": "There already", "outlier": "Unlike all others: the farthest out first"}  # fmt: skip
    blocks += [Gallery([_item(domain, s, made) for s in by[i][:_SHOWN]], names[i]) for i in ISSUES if by[i]]
    if by["label"] and isinstance(domain.goal, OneOf):
        blocks += _by_class(domain.goal, domain, found, by["label"])
    if found.suspects:
        blocks.append(_list(found.suspects, made))
    facts: dict[str, Cell] = {
        "examples": total,
        "leaks": leaks,
        "agreement": agreement,
        "decided": len({key_of(s.where) for s in found.suspects} & made.keys()),
    }
    facts |= {f"{issue}s": len(by[issue]) for issue in ISSUES}
    return Report(
        "clean", "What may be wrong with the data", f"{', '.join(parts[:-1])}, and {parts[-1]}.", blocks, facts
    )


def _said(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}" if count else f"none {one}"


def _leaks(domain: Domain, duplicates: Sequence[Suspect]) -> int:
    """Return how many held-out examples have a near-duplicate that is trained on."""
    train = {domain.where(int(row)) for row in domain.train} if duplicates else set()
    groups: dict[str, list[Suspect]] = {}
    for suspect in duplicates:
        groups.setdefault(suspect.other, []).append(suspect)
    leaks = 0
    for first, others in groups.items():
        held = sum(s.part == "valid" for s in others) + (first not in train)
        leaks += held if first in train or any(s.part == "train" for s in others) else 0
    return leaks


def _item(domain: Domain, suspect: Suspect, made: Mapping[str, Decision]) -> Item:
    shown = domain.shown(suspect.row)
    told = f"the same as {suspect.other}" if suspect.issue == "duplicate" else ""
    if decision := made.get(key_of(suspect.where)):
        told = f"{told}; {words_of(decision)}".lstrip("; ")
    score = None if suspect.issue == "duplicate" else suspect.score
    predicted = suspect.suggested or None
    return Item(shown.png, shown.text[:1000], told, suspect.label or None, predicted, suspect.where, score)


def words_of(decision: Decision) -> str:
    """Return what was decided, in words."""
    words = {"accept": "kept as it is", "drop": "dropped", "relabel": f"relabelled {decision.label}"}
    return words[decision.decision]


def _by_class(goal: OneOf, domain: Domain, found: Suspicions, labels: Sequence[Suspect]) -> list[Block]:
    counts = np.bincount(np.asarray(domain.targets(found.rows), np.int64), minlength=len(goal.classes))
    wrong = [sum(s.label == name for s in labels) for name in goal.classes]
    rows = [
        (name, int(count), bad, bad / max(1, int(count)))
        for name, count, bad in zip(goal.classes, counts, wrong, strict=True)
    ]
    rows.sort(key=lambda row: -row[3])
    blocks: list[Block] = [Table(["class", "examples", "look wrong", "share"], rows[:100], "Which classes they are of")]
    if len(goal.classes) <= 40:
        pairs = [[sum(s.label == a and s.suggested == b for s in labels) for b in goal.classes] for a in goal.classes]
        blocks.append(Matrix(goal.classes, goal.classes, pairs, "Rows: said to be. Columns: taken for"))
    return blocks


def _list(suspects: Sequence[Suspect], made: Mapping[str, Decision]) -> Table:
    rows = [
        (s.where, s.issue, round(s.score, 4), s.label, s.suggested or s.other, s.part,
         words_of(made[key_of(s.where)]) if key_of(s.where) in made else None)
        for s in suspects[:2000]
    ]  # fmt: skip
    more = f", the first {len(rows):,} of {len(suspects):,}" if len(suspects) > len(rows) else ""
    columns = ["where", "issue", "score", "label", "taken for, or the same as", "part", "decided"]
    return Table(columns, rows, f"All of them{more}")
