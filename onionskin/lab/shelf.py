"""The lab's folder as a whole: taking in what another machine measured, and writing all answers again."""

from __future__ import annotations

from pathlib import Path

from onionskin.errors import OnionskinError
from onionskin.lab import pages
from onionskin.lab import question as questions
from onionskin.lab.ledger import Ledger
from onionskin.lab.told import LEDGER


def merge(folder: Path, file: Path | None) -> tuple[int, list[str]]:
    """Take in the sessions of another lab's file, and write the answers that they change.

    Args:
        folder: The lab's.
        file: The ``lab.sqlite`` of another lab. It is read and nothing of it is run.

    Returns:
        How many sessions came in, and of which questions.

    Raises:
        OnionskinError: There is no such file, or it is none of a lab of this version.
    """
    if file is None:
        raise OnionskinError("no file was given", fix="onionskin lab merge FILE, with the lab.sqlite of another lab")
    with Ledger(file, is_ours=False) as other, Ledger(folder / LEDGER) as ledger:
        known = {session.id for session in ledger.sessions()}
        count = ledger.merge(other)
        came = {session.question for session in ledger.sessions() if session.id not in known}
    names = [name for name in questions.names() if name in came]
    for name in names:
        pages.write(folder, name)
    if names:
        pages.write_index(folder)
    return count, names


def write_all(folder: Path) -> None:
    """Write the pages of every question that has an answer. Raises OnionskinError."""
    if not (folder / LEDGER).is_file():
        raise OnionskinError(
            f"there is no {folder / LEDGER}", fix="ask a question first: onionskin lab latency --quick"
        )
    with Ledger(folder / LEDGER) as ledger:
        asked = {session.question for session in ledger.sessions()}
    for name in [name for name in questions.names() if name in asked]:
        pages.write(folder, name)
    pages.write_index(folder)
