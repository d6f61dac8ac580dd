"""The answers of a lab, for the page: the JSON files in ``lab/answers``, and nothing else of the folder.

The lab's runs are on the shelf like all others (``shelf.py``); FORMAT.md says what stands in the files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from onionskin.errors import OnionskinError
from onionskin.recording.arrays import write_atomically

#: The list of all questions, which makes a folder a lab.
INDEX: Final = "answers/index.json"

#: The name of a question, as it stands in addresses and in the names of files.
NAME: Final = "[a-z0-9-]+"


def is_lab(location: str | Path) -> bool:
    """Return whether this is the folder of a lab."""
    return (Path(location) / INDEX).is_file()


def lab_among(locations: Iterable[str | Path]) -> Path | None:
    """Return the lab among what is to be shown; None where there is none.

    Raises:
        OnionskinError: There are two: their questions have the same names.
    """
    labs = [Path(location) for location in locations if is_lab(location)]
    if len(labs) > 1:
        raise OnionskinError(
            f"{labs[0]} and {labs[1]} are two labs, and one is shown at a time",
            fix="name one of them; answers of several machines lie side by side after 'onionskin lab merge FILE'",
        )
    return labs[0] if labs else None


def answer_file(lab: Path, name: str) -> Path | None:
    """Return the file of a question, or of the ``index``; None where there is none, or it would lie elsewhere."""
    if not re.fullmatch(NAME, name):
        return None
    path = lab / "answers" / f"{name}.json"
    try:
        real = path.resolve(strict=True)
    except OSError:
        return None
    return path if real.is_file() and real.is_relative_to(lab.resolve() / "answers") else None


def read_names(lab: Path) -> list[str]:
    """Return the names of the questions that have an answer.

    Raises:
        OnionskinError: The list of questions is damaged, or leads out of its folder.
    """
    path = answer_file(lab, "index")
    try:
        if path is None:
            raise ValueError("it lies outside")
        questions = json.loads(path.read_bytes())["questions"]
        return [str(question["name"]) for question in questions if question["answers"]]
    except (ValueError, KeyError, TypeError) as error:
        raise OnionskinError(
            f"{lab / INDEX} is damaged: {error}",
            fix="run any question again (onionskin lab see --quick): it is written anew",
        ) from error


def copy_answers(lab: Path, folder: Path) -> int:
    """Copy the answers into ``folder/lab``, the list last. Returns how many questions were copied.

    Raises:
        OnionskinError: The list of questions is damaged.
        OSError: The folder cannot be written.
    """
    copied = 0
    (folder / "lab").mkdir(exist_ok=True)
    for name in [*read_names(lab), "index"]:
        if path := answer_file(lab, name):
            write_atomically(folder / "lab" / f"{name}.json", path.read_bytes())
            copied += name != "index"
    return copied
