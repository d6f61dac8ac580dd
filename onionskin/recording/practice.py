"""The reports of the practice around a model: one JSON file each in ``practice/``, whose content is not read here.

The manifest lists them last, so that a kill leaves either no report or a whole one, and whoever shows a run from a host
that lists no folders knows what there is.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from onionskin.errors import OnionskinError
from onionskin.recording.arrays import group_metadata, write_atomically, write_json
from onionskin.recording.fields import Fields, broken

if TYPE_CHECKING:
    from onionskin.recording.reader import Run

#: A report is looked at: no file of one is larger (bytes), and no run has more of them.
MOST_BYTES: Final = 16 * 2**20
MOST_REPORTS: Final = 64

_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_MOST_TITLE: Final = 300


@dataclass(frozen=True)
class PracticeEntry:
    """What the manifest says of a report: its name, which names its file, its title, and when it was made."""

    name: str
    title: str
    created: str = ""

    @property
    def path(self) -> str:
        """Where it lies in the run."""
        return f"practice/{self.name}.json"


def check_name(name: object) -> None:
    """Refuse what is no name of a report. Raises OnionskinError."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise OnionskinError(
            f"'{str(name)[:60]}' is no name of a report", fix="use a lower-case word: letters, digits, '-' and '_'"
        )


def save_practice(folder: str | Path, name: str, title: str, content: bytes) -> Path:
    """Put a report into a run folder; an older one of the name is replaced by one rename.

    Args:
        folder: A run folder that has stopped growing.
        name: The report's name, such as ``worst``.
        title: What it is called.
        content: Its JSON.

    Raises:
        OnionskinError: It is no run folder, still grows, has no room for it, or the disk is full.
    """
    from onionskin.recording.reader import open_run

    check_name(name)
    if len(content) > MOST_BYTES:
        raise OnionskinError(
            f"the report '{name}' has {len(content) / 1e6:.1f} MB",
            fix=f"keep it under {MOST_BYTES / 1e6:.0f} MB: show less",
        )
    run, place = open_run(folder), Path(folder)
    if not place.is_dir():
        raise OnionskinError(
            f"{folder} is no folder", fix="give the run's folder, then pack it again: onionskin pack RUN --zip"
        )
    if run.is_growing:  # its recorder writes the manifest as well, and would not know of the report
        raise OnionskinError(f"{folder} is still being recorded", fix="wait until the training has ended")
    entry = PracticeEntry(name, title[:_MOST_TITLE], datetime.now(UTC).isoformat(timespec="seconds"))
    entries = [old for old in run.manifest.practice if old.name != name] + [entry]
    if len(entries) > MOST_REPORTS:
        raise OnionskinError(
            f"{folder} has {len(entries) - 1} reports", fix="give the report a name that is there already"
        )
    try:
        (place / "practice").mkdir(exist_ok=True)
        if not (place / "practice/zarr.json").is_file():
            write_json(place / "practice/zarr.json", group_metadata({}))
        write_atomically(place / entry.path, content)
        document = place / "zarr.json"
        metadata = json.loads(document.read_bytes())
        metadata["attributes"]["onionskin"]["practice"] = [asdict(entry) for entry in entries]
        write_json(document, metadata)
    except OSError as error:
        raise OnionskinError(
            f"the report '{name}' cannot be kept in {folder}: {error.strerror or error}",
            fix="make space on the disk, or make it writable",
        ) from error
    return place / entry.path


def read_practice(run: Run, name: str) -> bytes:
    """Return the JSON of a report.

    Raises:
        OnionskinError: The run has none of this name, or the file is missing or too large.
    """
    from onionskin.errors import did_you_mean

    known = {entry.name: entry for entry in run.manifest.practice}
    if name not in known:
        has = f"it has: {', '.join(known)}" if known else "it has none: save one into it with report.save(run)"
        raise OnionskinError(f"{run.location} has no report '{name}'", fix=did_you_mean(name, known, otherwise=has))
    content = run.file(known[name].path)
    if content is None:
        raise broken(f"it lists the report '{name}', and {known[name].path} is missing")
    if len(content) > MOST_BYTES:
        raise broken(f"its report '{name}' has {len(content):,} bytes")
    return content


def practice_from_json(f: Fields) -> PracticeEntry:
    """Read what a manifest says of a report. Raises OnionskinError when it is no name of one."""
    entry = PracticeEntry(f.text("name"), f.text("title"), f.text("created", otherwise=""))
    if not _NAME.fullmatch(entry.name) or len(entry.title) > _MOST_TITLE:
        raise broken(f"'{entry.name[:60]}' is no name of a report")
    return entry
