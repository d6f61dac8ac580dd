"""Writes runs and the page into one HTML file that opens from a disk, with the network off.

The files of each run stand in it as base64, in elements of a type that no browser runs; the page reads them as it reads
a folder (``web/src/page/shells/embedded.ts``). What does not fit is left out by the rule in ``recording/thin.py``.
"""

from __future__ import annotations

import base64
import contextlib
import html
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from onionskin.errors import OnionskinError
from onionskin.recording.duplicate import duplicate, local_folder
from onionskin.recording.reader import open_run
from onionskin.recording.thin import choose, with_frames
from onionskin.view.built import single_page

#: How large the file may be by default (MB, of a million bytes): a mail takes it.
MOST_MB: Final = 15.0

#: Of no use in one file, which does not carry the 12 MB that run a model.
_WITHOUT: Final = ("model.onnx",)

#: An estimate of a size is off by a little: so often it is corrected.
_TRIES: Final = 5

_RUNS: Final = "<!--runs-->"
_TITLE: Final = "<title>Onionskin</title>"

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class ExportedRun:
    """A run in the file: its name, how many of its frames are there, and in words what is not."""

    name: str
    frames: int
    of_frames: int
    left_out: tuple[str, ...]
    was_growing: bool


@dataclass(frozen=True)
class Exported:
    """What was written."""

    path: Path
    bytes: int
    runs: tuple[ExportedRun, ...]


def export(
    runs: Sequence[str | Path],
    out: str | Path,
    *,
    most_mb: float = MOST_MB,
    frames: range | int | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> Exported:
    """Write runs into one HTML file.

    Args:
        runs: Run folders or ``.zip`` files.
        out: The file to write.
        most_mb: How large it may be, in millions of bytes.
        frames: Which frames to choose from, or how many at most; by default all.
        force: Write over a file that is there.
        progress: Called with the name of a run, the number of parts done, and of all parts.

    Raises:
        OnionskinError: The file is there already, cannot be written, or would be too large; nothing is left behind.
    """
    path = Path(out)
    if path.is_dir():
        raise OnionskinError(f"{path} is a folder", fix=f"name a file: {path / 'run.html'}")
    if path.exists() and not force:
        raise OnionskinError(f"{path} exists already", fix="choose another name, or write over it with --force")
    beside = path.with_name(f".{path.name}.new")
    try:
        with beside.open("w", encoding="utf-8", newline="\n") as file:
            exported: list[ExportedRun] = []
            for text in _written(runs, int(most_mb * 1e6), frames, exported, progress):
                file.write(text)
        beside.replace(path)
    except OSError as error:
        raise OnionskinError(
            f"{path} cannot be written: {error.strerror or error}",
            fix="choose a place that you may write to, on a disk with space",
        ) from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
    return Exported(path, path.stat().st_size, tuple(exported))


def exported_text(run: str | Path, most_bytes: int) -> str:
    """Return the page with one run in it. Raises OnionskinError when it cannot be made so small, and OSError."""
    return "".join(_written([run], most_bytes, None, []))


def name_of(location: str | Path) -> str:
    """Return what a run is called: its folder's name, or its zip's."""
    path = Path(location).resolve()
    return path.stem if path.suffix == ".zip" else path.name


def _written(
    runs: Sequence[str | Path],
    most_bytes: int,
    frames: range | int | None,
    exported: list[ExportedRun],
    progress: Progress | None = None,
) -> Iterator[str]:
    """Give the file piece by piece; ``exported`` takes what each run has in it."""
    names = [name_of(run) for run in runs]
    title = names[0] if len(names) == 1 else f"{len(names)} runs"
    page = single_page().replace(_TITLE, f"<title>{html.escape(title)} · Onionskin</title>", 1)
    before, after = page.split(_RUNS)
    listed = [{"path": str(i), "name": name} for i, name in enumerate(names)]
    words = json.dumps({"runs": listed}).replace("<", "\\u003c")
    head = f'{before}<script type="application/json" id="onionskin-runs">{words}</script>\n'
    room = most_bytes - len(head.encode()) - len(after.encode())
    yield head
    for place, run in enumerate(runs):
        with tempfile.TemporaryDirectory(prefix="onionskin-") as spare:
            share = room // (len(runs) - place)  # what one run does not need, those after it may have
            folder, said = _fitting(run, Path(spare), share, frames, progress)
            exported.append(said)
            for file in _files(folder):
                inside = html.escape(file.relative_to(folder).as_posix())
                text = base64.b64encode(file.read_bytes()).decode()
                element = (
                    f'<script type="application/octet-stream" data-run="{place}" data-path="{inside}">{text}</script>\n'
                )
                room -= len(element)
                yield element
    yield after


def _fitting(
    location: str | Path, spare: Path, most_bytes: int, frames: range | int | None, progress: Progress | None
) -> tuple[Path, ExportedRun]:
    """Make a copy of a run that takes at most so many bytes in the page."""
    name = name_of(location)
    folder = local_folder(location, spare / "laid-out")
    run = open_run(folder)
    choice = choose(run, folder, most_bytes * 3 // 4, frames, _WITHOUT)
    for attempt in range(_TRIES):
        copy = spare / f"copy-{attempt}"
        duplicate(run, folder, copy, choice, progress and (lambda done, of: progress(name, done, of)))
        size = sum(160 + 4 * -(-file.stat().st_size // 3) for file in _files(copy))
        if size <= most_bytes:
            thinned = open_run(copy).manifest.thinned
            growing = thinned is not None and thinned.was_growing
            return copy, ExportedRun(name, len(choice.frames), len(run.frames), choice.left_out, growing)
        fewer = int(len(choice.frames) * most_bytes / size * 0.97)
        if fewer < 2:
            break
        choice = with_frames(run, choice, fewer)
    raise OnionskinError(
        f"{name} cannot be made as small as {most_bytes / 1e6:.1f} MB",
        fix="allow more with --max-mb, or share it as a folder: onionskin publish RUN DIR",
    )


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith(".")]
