"""The runs that are shown: found below the folders that were named, and looked for again while the server runs.

No run is opened for it: a folder of five hundred is listed in some milliseconds, and the page reads the runs itself.
"""

from __future__ import annotations

import os
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from onionskin.errors import OnionskinError
from onionskin.recording.reader import open_run
from onionskin.view.files import RunFiles
from onionskin.view.lab import is_lab

#: So many folders deep below the one that was named, and so many folders in all: nobody's whole disk is searched.
MOST_DEPTH: Final = 4
MOST_FOLDERS: Final = 5000

#: However often the page asks, folders are searched this often (seconds).
LOOK_SECONDS: Final = 1.0


@dataclass(frozen=True)
class Found:
    """One run: where it lies, what it is called, and when it was last written (seconds since 1970; 0 if unknown)."""

    location: str
    name: str
    changed: float


def find_runs(locations: Iterable[str | Path]) -> list[str]:
    """Return every run among these: runs themselves, and the runs in folders of runs, newest first.

    Raises:
        OnionskinError: A location is no run and holds none.
    """
    return [found.location for found in find(locations)]


def find(locations: Iterable[str | Path]) -> list[Found]:
    """Return the same with names: of a run in a folder of runs, its path below that folder.

    Raises:
        OnionskinError: A location is no run and holds none.
    """
    found: list[Found] = []
    for location in locations:
        folder = Path(location)
        if not _is_shelf(folder):
            open_run(location)  # says what is wrong, before a browser is opened
            found.append(_found(str(location), folder.name))
            continue
        inside = _inside(folder)
        if not inside and not is_lab(folder):  # a lab has answers to show before any trial has recorded a run
            raise OnionskinError(f"there are no runs in {folder}", fix="record one: onionskin train mnist")
        found += inside
    return found


class Shelf:
    """The runs that a server shows. Each keeps its number for as long as the server runs.

    Raises:
        OnionskinError: A location is no run and holds none.
    """

    def __init__(self, locations: Iterable[str | Path]) -> None:
        self._locations = list(locations)
        self._files: list[RunFiles] = []
        self._numbers: dict[str, int] = {}
        self._found = find(self._locations)
        self._looked = time.monotonic()
        self._lock = threading.Lock()
        self._number()

    @property
    def locations(self) -> tuple[str, ...]:
        """Where the runs lie."""
        return tuple(found.location for found in self._found)

    def files(self, number: int) -> RunFiles | None:
        """Return the files of a run by its number; None where there is no such run."""
        return self._files[number] if 0 <= number < len(self._files) else None

    def listed(self) -> list[dict[str, Any]]:
        """Look again, and return what ``runs.json`` says of each run; FORMAT.md describes it."""
        with self._lock:  # two pages may ask at once, each on a thread of its own
            if time.monotonic() - self._looked > LOOK_SECONDS:
                self._look()
            names = unique_names(self._found)
            return [
                {"path": f"runs/{self._numbers[run.location]}", "name": name, "changed": run.changed}
                for run, name in zip(self._found, names, strict=True)
            ]

    async def close(self) -> None:
        """Let go of what was opened."""
        for files in self._files:
            await files.close()

    def _look(self) -> None:
        known = {run.location: run for run in self._found}
        found: list[Found] = []
        for location in self._locations:
            folder = Path(location)
            if _is_shelf(folder):
                found += _inside(folder)
            elif run := known.get(str(location)):  # what was named stays, even while its disk is away
                found.append(_found(run.location, run.name))
        self._found = found
        self._looked = time.monotonic()
        self._number()

    def _number(self) -> None:
        for run in self._found:
            if run.location not in self._numbers:
                self._numbers[run.location] = len(self._files)
                self._files.append(RunFiles(run.location))


def unique_names(runs: Sequence[Found]) -> list[str]:
    """Return a name for each run: two of one name are told apart by the folder above them, the same tomorrow."""
    times = Counter(run.name for run in runs)
    return [_longer(run) if times[run.name] > 1 else run.name for run in runs]


def _longer(run: Found) -> str:
    parts = Path(run.location).parts
    return "/".join(parts[-1 - len(Path(run.name).parts) :]).lstrip("/")


def _is_shelf(folder: Path) -> bool:
    return folder.is_dir() and not (folder / "zarr.json").is_file()


def _inside(folder: Path) -> list[Found]:
    runs = [_found(str(path), path.relative_to(folder).as_posix()) for path in _walk(folder)]
    return sorted(runs, key=lambda run: -run.changed)


def _walk(top: Path) -> Iterator[Path]:
    """Yield the runs below a folder. What stands directly in it is shown even if it is damaged, to be said so."""
    waiting = [(top, 0)]
    for visited in range(MOST_FOLDERS):
        if visited >= len(waiting):
            return
        folder, depth = waiting[visited]
        for entry in _entries(folder):
            path = folder / entry.name
            if entry.name.endswith(".zip"):
                if _holds_run(path, _stamp(path)):
                    yield path
            elif (path / "zarr.json").is_file():
                if depth == 0 or (path / "status/zarr.json").is_file():
                    yield path
            elif depth < MOST_DEPTH and entry.is_dir():
                waiting.append((path, depth + 1))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if not entry.name.startswith(".")]
    except OSError:
        return []  # it is not ours to read, or was deleted meanwhile


@lru_cache(maxsize=4096)
def _holds_run(path: Path, _changed: float) -> bool:
    """Whether a zip holds a run; one that is damaged is shown, to be said so."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith("zarr.json") for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return path.is_file()


def _found(location: str, name: str) -> Found:
    if location.startswith(("http://", "https://")):
        return Found(location, location.rstrip("/").rsplit("/", 1)[-1], 0.0)
    path = Path(location)
    return Found(location, name or path.resolve().name, _stamp(path))


def _stamp(path: Path) -> float:
    """When a run was last written: its status while it grows, once a second, and its manifest when it is tagged."""
    stamps = []
    for part in ("status/zarr.json", "zarr.json") if path.is_dir() else ("",):
        try:
            stamps.append((path / part).stat().st_mtime)
        except OSError:
            continue
    return round(max(stamps, default=0.0), 3)
