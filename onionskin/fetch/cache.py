"""Where packages are kept, and whether the network may be used."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EDQUOT, ENOSPC
from pathlib import Path
from typing import Final

from onionskin.errors import OnionskinError

#: What a killed fetch left behind is cleared away after a day; until then another process may be at work in it.
_ABANDONED_SECONDS: Final = 86_400
_PARTIAL: Final = ".partial-"


def cache_folder() -> Path:
    """Return ``$ONIONSKIN_CACHE``, else ``onionskin`` in ``$XDG_CACHE_HOME`` or ``~/.cache``."""
    if own := os.environ.get("ONIONSKIN_CACHE"):
        return Path(own).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "onionskin"


def packages_folder() -> Path:
    """Return where unpacked packages lie, each in a folder of its own that is whole or not there."""
    return cache_folder() / "packages"


def archives_folder() -> Path:
    """Return where a person may put an archive by hand, for a machine that cannot fetch it."""
    return cache_folder() / "archives"


def is_offline(offline: bool | None = None) -> bool:
    """Whether nothing may be fetched: as asked, or else as ``ONIONSKIN_OFFLINE`` says (1 for yes)."""
    if offline is not None:
        return offline
    said = os.environ.get("ONIONSKIN_OFFLINE", "").strip().lower()
    if said not in ("", "0", "1", "false", "true", "no", "yes"):
        raise OnionskinError(f"ONIONSKIN_OFFLINE is '{said}'", fix="set it to 1 for offline, 0 for online")
    return said in ("1", "true", "yes")


@contextmanager
def workplace() -> Iterator[Path]:
    """Yield an empty folder on the cache's own disk, so that one rename moves what it becomes; gone afterwards.

    Raises:
        OnionskinError: The cache cannot be written, or its disk is full.
    """
    home = packages_folder()
    with told_of_disk(home):
        home.mkdir(parents=True, exist_ok=True)
        _clear_abandoned(home)
        folder = Path(tempfile.mkdtemp(prefix=_PARTIAL, dir=home))
    try:
        with told_of_disk(home):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def told_of_disk(folder: Path) -> Iterator[None]:
    """Turn what a disk says into what a person can do about it."""
    try:
        yield
    except OSError as error:
        if error.errno in (ENOSPC, EDQUOT):
            raise OnionskinError(
                f"the disk of {folder} is full", fix="make room there, or set ONIONSKIN_CACHE to another folder"
            ) from error
        raise OnionskinError(
            f"the cache {folder} cannot be used: {error.strerror or error}",
            fix="set ONIONSKIN_CACHE to a folder that you can write to",
        ) from error


def move_in(made: Path, target: Path) -> None:
    """Make a finished folder the cached one by one rename. Whoever came first stays: the two are the same."""
    try:
        made.rename(target)
    except OSError:
        if not target.is_dir():
            raise


def remove(folder: Path) -> None:
    """Take a folder out of the cache: by one rename, so that nobody finds half of it, and then for good."""
    with workplace() as aside, told_of_disk(folder):
        folder.rename(aside / "removed")


def _clear_abandoned(home: Path) -> None:
    for folder in home.glob(f"{_PARTIAL}*"):
        if time.time() - folder.stat().st_mtime > _ABANDONED_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)
