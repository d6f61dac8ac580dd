"""``onionskin health``: say what went wrong in a training, and where."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onionskin.recording.status import Note

HELP = "check a run: what went wrong in its training, and where"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("location", metavar="RUN", help="a run folder, a .zip or a URL")
    parser.add_argument("--json", action="store_true", help="print the notes as a JSON list")


def do(options: argparse.Namespace) -> int:
    from onionskin.health import check_all, history_of
    from onionskin.recording.reader import open_run

    notes = check_all(history_of(open_run(options.location)))
    if options.json:
        print(json.dumps([asdict(note) for note in notes]))
        return 0
    _print_notes(notes)
    return 0


def _print_notes(notes: Sequence[Note]) -> None:
    from rich.console import Console
    from rich.table import Table

    if not notes:
        print("nothing to remark: every check passed")
        return
    table = Table(box=None, pad_edge=False)
    for column in ("step", "check", "note"):
        table.add_column(column)
    for note in notes:
        table.add_row(f"{note.step:,}", note.check, note.sentence)
    Console().print(table)
