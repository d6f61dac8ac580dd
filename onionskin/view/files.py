"""The files of one run, wherever it lies: a folder, a ``.zip`` or an address. Nothing outside the run is reached."""

from __future__ import annotations

import asyncio
import re
import zipfile
import zlib
from pathlib import Path
from typing import Final

import aiohttp

from onionskin.recording.stores import root_in_zip

#: A path inside a run, as the format has them. No part begins with a dot, so none leads out.
_INSIDE: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")

#: The files whose change means that the run has grown.
_TELLING: Final = ("frames/zarr.json", "scalars/zarr.json", "status/zarr.json", "zarr.json")


class RunFiles:
    """Reads the files of one run.

    Args:
        location: A run folder, a ``.zip`` of one, or the ``http(s)://`` address of one.
    """

    def __init__(self, location: str | Path) -> None:
        self.location = str(location)
        self.folder = None if _is_remote(self.location) or Path(location).is_file() else Path(location)
        self._archive: zipfile.ZipFile | None = None
        self._session: aiohttp.ClientSession | None = None
        self._root = ""

    def path(self, inside: str) -> Path | None:
        """Return the file of a run folder, or None where there is none, or it would lie outside the folder."""
        if self.folder is None or not _INSIDE.fullmatch(inside):
            return None
        found = self.folder / inside
        try:
            real = found.resolve(strict=True)
        except OSError:
            return None
        return found if real.is_file() and real.is_relative_to(self.folder.resolve()) else None

    async def read(self, inside: str) -> bytes | None:
        """Return a file of a zip or an address whole, or None where there is none.

        Raises:
            OSError: The host of an address cannot be reached, or the archive is damaged.
            OnionskinError: The file is larger than any of a run.
        """
        if not _INSIDE.fullmatch(inside):
            return None
        if not _is_remote(self.location):
            return await asyncio.to_thread(self._read_member, inside)
        from onionskin.recording.remote import fetch

        if self._session is None:  # kept, so that a frame does not cost a new connection
            self._session = aiohttp.ClientSession()
        return await fetch(self._session, f"{self.location.rstrip('/')}/{inside}")

    async def close(self) -> None:
        """Let go of the archive and of the connections."""
        if self._session is not None:
            await self._session.close()
        if self._archive is not None:
            self._archive.close()
        self._session = self._archive = None

    def _read_member(self, inside: str) -> bytes | None:
        if self._archive is None:
            self._root = root_in_zip(Path(self.location))  # it also refuses an archive with members too large to read
            self._archive = zipfile.ZipFile(self.location)
        try:
            return self._archive.read(f"{self._root}/{inside}".lstrip("/"))
        except KeyError:
            return None
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
            raise OSError(f"'{inside}' in {self.location} is damaged: {error}") from error

    def stamp(self) -> tuple[int, ...]:
        """Return numbers that change when the run has grown; empty for what cannot grow."""
        if self.folder is None:
            return ()
        stamps = []
        for name in _TELLING:
            try:
                stamps.append((self.folder / name).stat().st_mtime_ns)
            except OSError:
                stamps.append(0)
        return tuple(stamps)


def _is_remote(location: str) -> bool:
    return location.startswith(("http://", "https://"))
