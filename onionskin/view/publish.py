"""Writes the page and packed runs into a folder that any static host can hand out.

A run is laid beside the others under a name of its own and takes its place by one rename; what is there already and has
not changed stays. All addresses are relative, so the folder works wherever it is put.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from onionskin.errors import OnionskinError
from onionskin.recording.arrays import write_atomically, write_json
from onionskin.recording.duplicate import duplicate, local_folder
from onionskin.recording.reader import Run, open_run
from onionskin.recording.thin import Choice
from onionskin.view.built import page_folder
from onionskin.view.export import name_of
from onionskin.view.lab import copy_answers, is_lab, lab_among, read_names
from onionskin.view.shelf import find

#: Says that the folder was made here, and may be written again.
MARKER: Final = "onionskin-publication.json"

#: What stands only in the page for one file.
_NOT_HERE: Final = ("single.html", "widget.js")

#: What a folder may have in it and still count as empty: a repository's own files, and what hosts ask for.
_OTHERS: Final = re.compile(r"\..*|CNAME|README(\..*)?|LICENSE(\..*)?")

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class PublishedRun:
    """A run in the folder: its name, its place, and whether it was there already, or was still being recorded."""

    name: str
    path: str
    frames: int
    bytes: int
    was_there: bool
    was_growing: bool


@dataclass(frozen=True)
class Published:
    """What was written (of a lab: to how many questions there are answers), and all that the folder now holds."""

    path: Path
    bytes: int
    runs: tuple[PublishedRun, ...]
    others: tuple[str, ...]
    answers: int = 0


def publish(
    runs: Sequence[str | Path], out: str | Path, *, force: bool = False, progress: Progress | None = None
) -> Published:
    """Write the page and runs into a folder for any static host.

    Runs that are there from an earlier time stay; one that has changed is replaced. What was interrupted goes on.

    Args:
        runs: Run folders or ``.zip`` files, or the folder of a lab.
            Of a run that still grows, what is there is published.
        out: The folder: new, empty, or published before.
        force: Write into a folder with other things in it; what has the same name is replaced, nothing else.
        progress: Called with the name of a run, the number of parts done, and of all parts.

    Raises:
        OnionskinError: The folder is something else, cannot be written, or the disk is full.
    """
    folder, page = Path(out), page_folder()
    lab, named = lab_among(runs), _named(runs)
    opened = [(open_run(run), run, name) for run, name in named]  # says what is wrong before anything is written
    if lab is not None:
        read_names(lab)
    try:
        listed = _claim(folder, force=force)
        _lay_page(page, folder)
        done = []
        for run, location, name in opened:
            done.append(_lay_run(run, location, name, folder, listed, progress))
            _list(folder, listed)
        answers = copy_answers(lab, folder) if lab is not None else 0
        _list(folder, listed)
        _lay_index(page, folder)
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts)
    except OSError as error:
        raise OnionskinError(
            f"publishing to {folder} stopped: {error.strerror or error}",
            fix="make space, or choose a folder that you may write to; the same command then goes on where it stopped",
        ) from error
    here = {run.path for run in done}
    others = tuple(sorted(entry["name"] for entry in listed.values() if entry["path"] not in here))
    return Published(folder, size, tuple(done), others, answers)


def _named(locations: Sequence[str | Path]) -> list[tuple[str | Path, str]]:
    """Return every run with its name: the runs of a lab are called as its answers call them, ``runs/see/mlp-0``."""
    named: list[tuple[str | Path, str]] = []
    for location in locations:
        if is_lab(location):
            named += [(found.location, found.name) for found in find([location])]
        else:
            named.append((location, name_of(location)))
    return named


def _claim(folder: Path, *, force: bool) -> dict[str, dict[str, str]]:
    """Make the folder, or find out that it may be written. Returns what is listed in it, by what tells runs apart."""
    if folder.exists() and not folder.is_dir():
        raise OnionskinError(f"{folder} is a file", fix="name a folder, new or empty")
    marker = folder / MARKER
    if not marker.is_file():
        strange = (
            [path.name for path in folder.iterdir() if not _OTHERS.fullmatch(path.name)] if folder.exists() else []
        )
        if strange and not force:
            raise OnionskinError(
                f"{folder} is no earlier publication, and has other things in it: {', '.join(sorted(strange)[:3])}",
                fix="choose a new or an empty folder; --force writes beside what is there",
            )
        folder.mkdir(parents=True, exist_ok=True)
        write_json(marker, {"runs": {}})
    (folder / "runs").mkdir(exist_ok=True)
    try:
        content = json.loads(marker.read_bytes())["runs"]
        listed = {
            str(key): {name: str(entry[name]) for name in ("path", "name", "made_of")} for key, entry in content.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        listed = {}  # damaged: every run is laid anew
    return {key: entry for key, entry in listed.items() if (folder / entry["path"] / "zarr.json").is_file()}


def _lay_page(page: Path, folder: Path) -> None:
    """Lay what the page needs beside what is there: an older page goes on working until its index is replaced."""
    write_atomically(folder / ".nojekyll", b"")  # else GitHub Pages leaves out files that begin with "_"
    for path in page.rglob("*"):
        inside = path.relative_to(page)
        if path.is_file() and inside.name not in (*_NOT_HERE, "index.html"):
            (folder / inside).parent.mkdir(parents=True, exist_ok=True)
            if not (folder / inside).is_file() or (folder / inside).stat().st_size != path.stat().st_size:
                write_atomically(folder / inside, path.read_bytes())


def _lay_index(page: Path, folder: Path) -> None:
    write_atomically(folder / "index.html", (page / "index.html").read_bytes())
    for path in (folder / "assets").iterdir():  # of an older page
        if not (page / "assets" / path.name).exists() and re.fullmatch(r".+-[\w-]{8}\.\w+", path.name):
            path.unlink()


def _lay_run(
    run: Run,
    location: str | Path,
    name: str,
    folder: Path,
    listed: dict[str, dict[str, str]],
    progress: Progress | None,
) -> PublishedRun:
    key, made_of = _identity(run, name), _content(run)
    entry = listed.get(key)
    growing = run.is_growing
    path = entry["path"] if entry else _free_path(name, folder, (e["path"] for e in listed.values()))
    place = folder / path
    is_there = entry is not None and entry["made_of"] == made_of
    if not is_there:
        beside, spare = place.with_name(f".{place.name}.new"), place.with_name(f".{place.name}.zip")
        for left in (beside, spare):
            shutil.rmtree(left, ignore_errors=True)  # of a time that was interrupted
        try:
            source = local_folder(location, spare)
            choice = Choice(tuple(range(len(run.frames))))
            duplicate(run, source, beside, choice, progress and (lambda done, of: progress(name, done, of)))
            _replace(beside, place)
        finally:
            for left in (beside, spare):
                shutil.rmtree(left, ignore_errors=True)
    listed[key] = {"path": path, "name": name, "made_of": made_of}
    size = sum(file.stat().st_size for file in place.rglob("*") if file.is_file())
    return PublishedRun(name, path, len(run.frames), size, is_there, growing)


def _replace(new: Path, place: Path) -> None:
    """Put a folder in the place of another: whoever reads meanwhile finds one of the two."""
    old = place.with_name(f".{place.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if place.exists():
        place.rename(old)
    try:
        new.rename(place)
    except OSError:
        with contextlib.suppress(OSError):
            old.rename(place)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _list(folder: Path, listed: dict[str, dict[str, str]]) -> None:
    write_json(folder / MARKER, {"runs": listed})
    runs: list[dict[str, Any]] = [{"path": entry["path"], "name": entry["name"]} for entry in listed.values()]
    lab = {"lab": True} if (folder / "lab/index.json").is_file() else {}
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    write_json(folder / "runs.json", {"published": now, **lab, "runs": runs})


def _identity(run: Run, name: str) -> str:
    """Return what tells one run from another, and says nothing of this machine."""
    return _digest([name, run.manifest.created, run.manifest.title])


def _content(run: Run) -> str:
    """Return what changes when there is more in a run."""
    manifest = run.manifest.to_json()
    return _digest([len(run.frames), len(run.steps), run.status.state, run.status.ended, json.dumps(manifest)])


def _digest(parts: Iterable[object]) -> str:
    return hashlib.sha256("\0".join(map(str, parts)).encode(errors="replace")).hexdigest()[:16]


def _free_path(name: str, folder: Path, taken: Iterable[str]) -> str:
    """Return a path that every host and the page's own rules take."""
    plain = re.sub(r"[^A-Za-z0-9-]+", "-", name).strip("-")[:60] or "run"
    known = set(taken)
    number = 1
    while True:
        path = f"runs/{plain}" if number == 1 else f"runs/{plain}-{number}"
        if path not in known and not (folder / path).exists():
            return path
        number += 1
