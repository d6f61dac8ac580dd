"""What a person decided of single examples: a small CSV beside the data, which never change.

    where,issue,decision,label,when
    bears/black/17.jpg,label,relabel,brown,2026-11-30T18:22:05+00:00

Files are named from where the CSV lies, so that both can be moved together. It is only ever added to: the last line of
an example counts. A line is written at once and whole, so a kill loses none but the one that was not made yet; what a
kill or a full disk left of half a line is passed by.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from onionskin.errors import OnionskinError, did_you_mean

#: ``accept``: it is right as it is. ``relabel``: it is what ``label`` says. ``drop``: leave it out. ``undo``: nothing
#: was decided.
DECISIONS: Final = ("accept", "relabel", "drop", "undo")
COLUMNS: Final = ("where", "issue", "decision", "label", "when")

#: No file of decisions is larger (bytes): a million of them.
_MOST_BYTES: Final = 128 * 2**20


@dataclass(frozen=True)
class Decision:
    """One line.

    Attributes:
        where: The example: a file, or a row.
        issue: What it was looked at for: ``label``, ``duplicate`` or ``outlier``.
        decision: One of :data:`DECISIONS`.
        label: The new label, where it is relabelled.
        when: ISO 8601.
    """

    where: str
    issue: str
    decision: str
    label: str = ""
    when: str = ""


def key_of(where: str, base: str | Path = "") -> str:
    """Return what tells an example from all others: a file's whole path, from a folder on, or a row as it is."""
    if "/" not in where and os.sep not in where:
        return where
    return os.path.normpath(os.path.join(os.path.abspath(base), where))  # noqa: PTH100, PTH118  of links, not through


def read_decisions(path: str | Path) -> dict[str, Decision]:
    """Return the decision that counts for each example, by :func:`key_of` where it is.

    Raises:
        OnionskinError: There is no such file, it is no file of decisions, or a line says what none does.
    """
    file = Path(path)
    if not file.is_file():
        near = [other.name for other in file.parent.glob("*.csv")] if file.parent.is_dir() else []
        fix = did_you_mean(file.name, near, otherwise="make one: onionskin clean DATA")
        raise OnionskinError(f"there are no decisions at {file}", fix=fix)
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise OnionskinError(f"{file} has {file.stat().st_size:,} bytes", fix="give the file that clean wrote")
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise OnionskinError(f"{file} cannot be read: {error}", fix="give the file that clean wrote") from error
    whole = text[: text.rfind("\n") + 1]  # the last line may have been cut off
    found: dict[str, Decision] = {}
    try:
        rows = list(csv.reader(io.StringIO(whole), strict=True))
    except csv.Error as error:
        raise OnionskinError(f"{file} is no CSV: {error}", fix="mend that line, or leave it out") from error
    if rows and tuple(rows[0]) != COLUMNS:
        raise OnionskinError(
            f"{file} is no file of decisions: it begins with {','.join(rows[0])[:80]}",
            fix=f"its first line has to be {','.join(COLUMNS)}",
        )
    for number, row in enumerate(rows[1:], start=2):
        if not row:
            continue
        if len(row) != len(COLUMNS) or row[2] not in DECISIONS or (row[2] == "relabel" and not row[3]):
            raise OnionskinError(
                f"line {number} of {file} decides nothing: {','.join(row)[:80]}",
                fix=f"write {','.join(COLUMNS)}, with a decision of {', '.join(DECISIONS)}, or leave the line out",
            )
        key = key_of(row[0], file.parent)
        found.pop(key, None)  # the order is that of the last lines
        if row[2] != "undo":
            found[key] = Decision(*row)
    return found


def decide(path: str | Path, decision: Decision) -> Decision:
    """Add one decision, on the disk when this returns; the file is made where there is none.

    Returns:
        The decision with its time.

    Raises:
        OnionskinError: It is no decision, or the file cannot be written; then it is as it was.
    """
    if decision.decision not in DECISIONS:
        fix = did_you_mean(decision.decision, DECISIONS, otherwise=f"choose one of: {', '.join(DECISIONS)}")
        raise OnionskinError(f"'{decision.decision[:40]}' decides nothing", fix=fix)
    if decision.decision == "relabel" and not decision.label:
        raise OnionskinError(f"{decision.where} is relabelled without a label", fix="say what it is")
    file = Path(path)
    when = decision.when or datetime.now(UTC).isoformat(timespec="seconds")
    made = Decision(_seen_from(file, decision.where), decision.issue, decision.decision, decision.label, when)
    try:
        # One write in append mode: what other processes add stays whole as well.
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            size = os.fstat(handle).st_size
            line = _line(made)
            if size == 0:
                line = ",".join(COLUMNS) + "\n" + line
            elif os.pread(handle, 1, size - 1) != b"\n":
                _mend(handle, size)  # half a line, of a disk that was full
            content = line.encode()
            written = os.write(handle, content)
            if written < len(content):
                raise OSError("the disk is full")
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise OnionskinError(
            f"{file} cannot be written: {error.strerror or error}",
            fix="make space, or choose another place: --decisions FILE.csv",
        ) from error
    return made


def _seen_from(file: Path, where: str) -> str:
    key = key_of(where)
    if key == where and not os.path.isabs(where):  # noqa: PTH117  a row
        return where
    try:
        return os.path.relpath(key, os.path.abspath(file.parent)).replace(os.sep, "/")  # noqa: PTH100
    except ValueError:  # on another drive
        return key


def _mend(handle: int, size: int) -> None:
    """Cut off half a line at the end, which says nothing."""
    tail = os.pread(handle, min(size, 65_536), max(0, size - 65_536))
    os.ftruncate(handle, size - len(tail) + tail.rfind(b"\n") + 1)


def _line(decision: Decision) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow([getattr(decision, name) for name in COLUMNS])
    return text.getvalue()


def beside(source: str | Path) -> Path:
    """Return where decisions of some data are kept unless said otherwise: beside them, or here for a name.

    ``photos/`` has ``photos.decisions.csv``, ``titanic.csv`` has ``titanic.decisions.csv``.
    """
    path = Path(source)
    if path.exists():
        path = path.resolve()
        return path.with_name(f"{path.stem if path.is_file() else path.name}.decisions.csv")
    return Path(f"{path.name}.decisions.csv")


@dataclass(frozen=True)
class Applied:
    """What decisions changed: how many examples were dropped, relabelled or accepted, and which are not there."""

    dropped: int
    relabelled: int
    accepted: int
    unknown: tuple[str, ...]

    @property
    def note(self) -> str:
        """The same in a sentence."""
        told = (
            f"decisions: {self.dropped:,} dropped, {self.relabelled:,} relabelled, {self.accepted:,} kept as they are"
        )
        if self.unknown:
            first = ", ".join(self.unknown[:3])
            told += f"; {len(self.unknown):,} are of examples that are not there: {first}"
        return told


def sorted_out(decisions: Mapping[str, Decision], places: Iterable[str]) -> tuple[list[int], dict[int, str], Applied]:
    """Return which of the examples at some places are dropped, the new label of others, and what to say of it."""
    numbers = {key_of(where): i for i, where in enumerate(places)}
    known = {numbers[key]: made for key, made in decisions.items() if key in numbers}
    dropped = [i for i, made in known.items() if made.decision == "drop"]
    labels = {i: made.label for i, made in known.items() if made.decision == "relabel"}
    unknown = tuple(made.where for key, made in decisions.items() if key not in numbers)
    return dropped, labels, Applied(len(dropped), len(labels), len(known) - len(dropped) - len(labels), unknown)
