"""Every question of the lab on this machine, in full and with charts: ``python -m bench.lab --write FOLDER``.

What was asked in full already is not asked again, so that an evening's work can be stopped and gone on with. What is
written is the lab's file itself (``onionskin lab merge bench/results/lab/lab.sqlite`` lays it beside yours) and each
answer as Markdown with its charts.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from onionskin.errors import OnionskinError
from onionskin.lab import pages, question
from onionskin.lab.asking import Asking, standing
from onionskin.lab.told import LEDGER, listed, told


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("questions", nargs="*", metavar="QUESTION", help="which (default: all)")
    parser.add_argument("--into", type=Path, default=Path("lab"), help="the lab's folder (default: lab)")
    parser.add_argument("--again", action="store_true", help="ask also what was asked in full already")
    parser.add_argument("--write", type=Path, help="the folder that keeps file, answers and charts")
    options = parser.parse_args(arguments)
    for name in options.questions or question.names():
        stands = "new" if options.again else standing(name, options.into)
        if stands != "answered":
            ask(name, options.into, resume=stands == "stopped")
    if options.write:
        write(options.into, options.write)


def ask(name: str, folder: Path, *, resume: bool) -> None:
    """Ask one question in full, and say what came out; a question that cannot be asked stops no other."""
    began = time.perf_counter()
    try:
        for _ in Asking(name, folder, resume=resume):
            pass
        pages.write(folder, name)
        answer = told(folder, name)["answers"][0]
        print(f"{name} ({time.perf_counter() - began:.0f} s): {answer['sentence']} {answer['busy']}", flush=True)
    except OnionskinError as error:
        print(f"{name}: {error}", flush=True)


def write(folder: Path, into: Path) -> None:
    """Keep the lab's file, the answers as Markdown, and their charts."""
    into.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(folder / LEDGER)) as file, closing(sqlite3.connect(into / LEDGER)) as kept:
        file.backup(kept)
        kept.execute("VACUUM")
    lines = ["# The lab's answers on our machines", "",
             "Asked by `python -m bench.lab`. Each answer says where, when and how.", ""]  # fmt: skip
    for found in listed(folder):
        if not found["answers"]:
            lines.append(f"- **{found['name']}**: {found['question']} Not asked.")
            continue
        said = " ".join(f"{answer['sentence']} ({_marks(answer)})" for answer in found["answers"])
        lines.append(f"- [{found['name']}]({found['name']}.md): {found['question']} {said}")
        pages.write(folder, found["name"])
        for path in sorted((folder / "answers").glob(f"{found['name']}*")):
            belongs = path.stem == found["name"] or path.stem.removeprefix(f"{found['name']}-").isdigit()
            if belongs and path.suffix in (".md", ".svg"):
                shutil.copy(path, into / path.name)
    (into / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _marks(answer: dict[str, Any]) -> str:
    """Return where and when, and what speaks against trusting it."""
    marks = [answer["machine"], answer["date"][:10], "quick" if answer["is_quick"] else "",
             "the machine was busy" if answer["is_busy"] else ""]  # fmt: skip
    return "; ".join(mark for mark in marks if mark)


if __name__ == "__main__":
    main()
