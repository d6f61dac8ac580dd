"""The one SQLite file of a lab: every raw number, with machine, versions and date. ``ledger.sql`` has its tables.

A trial is written when it is over, in one transaction: a kill at any moment leaves whole trials and nothing else.
"""

from __future__ import annotations

import json
import math
import sqlite3
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.resources import files
from pathlib import Path
from typing import Final

from onionskin.errors import OnionskinError
from onionskin.lab.machine import Machine
from onionskin.lab.question import Arm
from onionskin.lab.records import (
    SESSION,
    TRIAL,
    Session,
    Trial,
    now,
    parsed,
    session_of,
    trial_of,
    write_machine,
    write_session,
    write_trial,
)

VERSION: Final = 1

#: "oskl": how SQLite and `file` tell a lab's file from another.
_APPLICATION: Final = 0x6F736B6C


class Ledger:
    """The file, open. ``with Ledger(path) as ledger: …``

    Args:
        path: The file; it is made where there is none.
        is_ours: Whether it is made and written; a stranger's file is only read.

    Raises:
        OnionskinError: It is no lab's file, of another version, damaged, or cannot be made.
    """

    def __init__(self, path: Path, *, is_ours: bool = True) -> None:
        self.path = path
        if not is_ours and not path.is_file():
            raise OnionskinError(f"there is no file {path}", fix="give the lab.sqlite of another lab")
        with self._told():
            if is_ours:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._file = sqlite3.connect(path, timeout=30, isolation_level=None)
            else:
                self._file = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
            try:
                self._file.execute("PRAGMA foreign_keys = ON")
                self._begin(is_ours)
            except BaseException:
                self._file.close()
                raise

    def _begin(self, is_ours: bool) -> None:
        application = self._file.execute("PRAGMA application_id").fetchone()[0]
        version = self._file.execute("PRAGMA user_version").fetchone()[0]
        is_empty = not self._file.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if is_empty and is_ours and not application:
            tables = (files("onionskin.lab") / "ledger.sql").read_text(encoding="utf-8")
            begin = f"BEGIN IMMEDIATE; PRAGMA application_id = {_APPLICATION}; PRAGMA user_version = {VERSION};"
            with suppress(sqlite3.OperationalError):  # another process was faster by a moment
                self._file.executescript(f"{begin}\n{tables}\nCOMMIT;")
            application, version = _APPLICATION, self._file.execute("PRAGMA user_version").fetchone()[0]
        if application != _APPLICATION:
            raise OnionskinError(
                f"{self.path} is not the file of a lab", fix="give another file, or another folder with --into"
            )
        if version != VERSION:
            fix = "install the Onionskin that wrote it, or begin another with --into FOLDER"
            raise OnionskinError(f"{self.path} is of version {version}, and this Onionskin reads {VERSION}", fix=fix)

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_error: object) -> None:
        self._file.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say what SQLite or the disk means."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            said = str(error)
            fix = {
                "database or disk is full": "make room on the disk; what was measured is kept, and --resume goes on",
                "file is not a database": "give the lab.sqlite of a lab, or another folder with --into",
                "database disk image is malformed": "it is damaged: begin another with --into FOLDER",
                "database is locked": "another lab writes into it: wait until that is over",
            }.get(said, "choose a folder that you may write to, on a disk with space (--into FOLDER)")
            raise OnionskinError(f"{self.path}: {said}", fix=fix) from error

    @contextmanager
    def _together(self) -> Iterator[sqlite3.Connection]:
        """All or nothing."""
        with self._told():
            self._file.execute("BEGIN IMMEDIATE")
            try:
                yield self._file
                self._file.execute("COMMIT")
            except BaseException:
                if self._file.in_transaction:  # a full disk has ended it already
                    self._file.execute("ROLLBACK")
                raise

    # ------------------------------------------------------------------ writing

    def begin(
        self,
        question: str,
        source: str,
        arms: Sequence[Arm],
        machine: Machine,
        versions: Mapping[str, str],
        *,
        is_quick: bool,
        seeds: int | None,
        engine: str,
    ) -> Session:
        """Write down that a question is asked, and return the session."""
        session = Session(
            str(uuid.uuid4()), question, source, is_quick, seeds, engine, machine.key, now(), None, versions, arms
        )
        with self._together() as file:
            write_machine(file, machine)
            write_session(file, session)
        return session

    def keep(self, session: Session, trial: Trial, machine: Machine | None = None) -> None:
        """Write a trial that is over. One that is there already is left as it is."""
        with self._together() as file:
            if machine is not None:
                write_machine(file, machine)
            write_trial(file, session.id, trial)

    def skip(self, session: Session, arm: str, reason: str) -> None:
        """Write down why an arm has no trials."""
        with self._together() as file:
            file.execute("INSERT OR REPLACE INTO skips VALUES (?, ?, ?)", (session.id, arm, reason))

    def finish(self, session: Session) -> None:
        """Write down that a session is over."""
        with self._together() as file:
            file.execute("UPDATE sessions SET finished = ? WHERE id = ?", (now(), session.id))

    def merge(self, other: Ledger) -> int:
        """Take the sessions of another file that are not here yet; return how many. All come in, or none."""
        count = 0
        with self._together() as file, other._told():
            for key, name, details in other._file.execute("SELECT key, name, details FROM machines"):
                write_machine(file, Machine(str(key), str(name), dict(json.loads(details))))
            known = {row[0] for row in file.execute("SELECT id FROM sessions")}
            for session in other.sessions():
                if session.id in known:
                    continue
                count += 1
                write_session(file, session)
                for trial in other.trials(session):
                    write_trial(file, session.id, trial)
                for arm, reason in other.skips(session).items():
                    file.execute("INSERT INTO skips VALUES (?, ?, ?)", (session.id, arm, reason))
        return count

    # ------------------------------------------------------------------ reading

    def machines(self) -> dict[str, Machine]:
        """Return the machines by their keys."""
        with self._told():
            rows = self._file.execute("SELECT key, name, details FROM machines").fetchall()
        return {key: Machine(key, name, parsed(details, dict)) for key, name, details in rows}

    def sessions(self, question: str | None = None) -> list[Session]:
        """Return the sessions, newest first."""
        with self._told():
            rows = self._file.execute(
                f"SELECT {SESSION} FROM sessions WHERE ?1 IS NULL OR question = ?1 ORDER BY started DESC, rowid DESC",
                (question,),
            ).fetchall()
        return [session_of(row) for row in rows]

    def trials(self, session: Session) -> list[Trial]:
        """Return the trials of a session, in the order in which they were over."""
        with self._told():
            rows = self._file.execute(
                f"SELECT id, {TRIAL} FROM trials WHERE session = ? ORDER BY id", (session.id,)
            ).fetchall()
            numbers: dict[int, dict[str, float]] = {row[0]: {} for row in rows}
            for trial, measure, value in self._file.execute(
                "SELECT trial, measure, value FROM numbers WHERE trial IN (SELECT id FROM trials WHERE session = ?)",
                (session.id,),
            ):
                numbers[trial][measure] = math.nan if value is None else float(value)
        return [trial_of(row[1:], numbers[row[0]]) for row in rows]

    def skips(self, session: Session) -> dict[str, str]:
        """Return why arms of a session have no trials, by arm."""
        with self._told():
            rows = self._file.execute("SELECT arm, reason FROM skips WHERE session = ?", (session.id,))
            return {str(arm): str(reason) for arm, reason in rows}
