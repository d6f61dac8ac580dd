"""What was made of photos, kept on disk: pixels at a size, features of a network that does not change.

An entry is found by a photo's content and by how it was made, never by its name alone: a photo that is replaced, moved
or given twice is what it is. One SQLite file holds everything of a kind: an entry is whole or not there when a process
is killed, processes can share it, and the entries that were not used for longest make room for new ones.

Nothing here raises into a training. A cache that cannot be used says so once, and everything is made anew.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeVar

from onionskin.errors import OnionskinWarning
from onionskin.fetch.cache import cache_folder

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], object]

#: What one file of the cache grows to, in bytes: 14,000 photos of 224 × 224, or 400,000 of their features.
MOST_BYTES: Final = 2 * 2**30

_TABLES: Final = """
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS entries (key BLOB PRIMARY KEY, used INTEGER, bytes INTEGER, value BLOB);
    CREATE INDEX IF NOT EXISTS by_use ON entries (used, bytes, key);
    CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, bytes INTEGER, changed INTEGER, content BLOB);
"""
_AT_ONCE: Final = 500  # of the parameters that one statement may have
_FRESH_SECONDS: Final = 3600  # use is noted so often: reading should not write
_SETTLED_NS: Final = 2_000_000_000  # a file that was written a moment ago may be written again without a new time


class PhotoCache:
    """One kind of things that were made of photos.

    Args:
        kind: The file's name, such as ``pixels`` or ``features``.
        most_bytes: What it grows to.
        folder: Where it lies; by default ``photos`` in Onionskin's cache (``$ONIONSKIN_CACHE``).
    """

    def __init__(self, kind: str, *, most_bytes: int = MOST_BYTES, folder: Path | None = None) -> None:
        self.path = (folder if folder is not None else cache_folder() / "photos") / f"{kind}.sqlite"
        self._most = most_bytes
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._is_broken = False

    def get(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """Return the values of those keys that are there."""
        wanted = list(keys)
        found: dict[bytes, bytes] = {}
        stale: list[tuple[int, bytes]] = []
        now = int(time.time())

        def read(connection: sqlite3.Connection) -> None:
            for some in _portions(wanted):
                marks = ",".join("?" * len(some))
                for key, used, value in connection.execute(
                    f"SELECT key, used, value FROM entries WHERE key IN ({marks})",
                    some,
                ):
                    found[key] = value
                    if used < now - _FRESH_SECONDS:
                        stale.append((now, key))
            if stale:
                connection.executemany("UPDATE entries SET used = ? WHERE key = ?", stale)

        self._with(read)
        return found

    def put(self, values: Mapping[bytes, bytes]) -> None:
        """Keep values, and let go what was not used for longest where there are too many."""
        rows = [(key, int(time.time()), len(value), value) for key, value in values.items()]

        def write(connection: sqlite3.Connection) -> None:
            connection.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?)", rows)
            (size,) = connection.execute("SELECT TOTAL(bytes) FROM entries").fetchone()
            while size > self._most:
                oldest = connection.execute("SELECT key, bytes FROM entries ORDER BY used LIMIT 100").fetchall()
                gone = []
                for key, count in oldest:
                    if size > self._most:
                        gone.append((key,))
                        size -= count
                connection.executemany("DELETE FROM entries WHERE key = ?", gone)

        if rows:
            self._with(write)

    def contents(self, files: Sequence[str]) -> list[bytes | None]:
        """Return a digest of what is in each file; None where it cannot be read.

        A file is read again when its size or its time of change is another one.
        """
        stats = [_stat(file) for file in files]
        known: dict[str, tuple[int, int, bytes]] = {}
        places = [os.path.abspath(file) for file in files]  # noqa: PTH100 - 100,000 Paths take a second

        def read(connection: sqlite3.Connection) -> None:
            for some in _portions(places):
                marks = ",".join("?" * len(some))
                rows = connection.execute(f"SELECT * FROM files WHERE path IN ({marks})", some)
                known.update({path: (size, changed, content) for path, size, changed, content in rows})

        self._with(read)
        found: list[bytes | None] = []
        new = []
        for file, place, stat in zip(files, places, stats, strict=True):
            if stat is not None and known.get(place, (-1, -1, b""))[:2] == stat:
                found.append(known[place][2])
                continue
            content = content_of(file)
            found.append(content)
            if content is not None and stat is not None and stat[1] < time.time_ns() - _SETTLED_NS:
                new.append((place, *stat, content))
        if new:
            self._with(lambda c: c.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", new))
        return found

    def close(self) -> None:
        """Close the file; it opens again when it is needed."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _with(self, work: Work) -> None:
        """Do something in one transaction. A file that is no database is begun anew; any other trouble is the last."""
        with self._lock:
            for is_last in (False, True):
                if self._is_broken:
                    return
                try:
                    if self._connection is None:
                        self._connection = self._open()
                    with self._connection:
                        work(self._connection)
                    return
                except sqlite3.DatabaseError as error:
                    is_damaged = type(error) is sqlite3.DatabaseError  # its subclasses are other troubles
                    if is_damaged and not is_last:
                        self._begin_anew()
                        continue
                    if "locked" not in str(error):  # another process is busy: this once, do without
                        self._give_up(error)
                    return
                except OSError as error:
                    self._give_up(error)
                    return

    def _open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=5, check_same_thread=False)
        connection.executescript(_TABLES)
        return connection

    def _begin_anew(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)

    def _give_up(self, error: Exception) -> None:
        self._is_broken = True
        message = f"photos are not cached: {self.path}: {error}. fix: make room there, or set ONIONSKIN_CACHE"
        warnings.warn(message, OnionskinWarning, stacklevel=4)


def key_of(content: bytes, made: str) -> bytes:
    """Return the key of what was made of a photo with this content, in this way."""
    return hashlib.blake2b(content + made.encode(), digest_size=16).digest()


def content_of(file: str | Path | bytes) -> bytes | None:
    """Return a digest of what is in a file; None if it cannot be read."""
    digest = hashlib.blake2b(digest_size=16)
    if isinstance(file, bytes):
        digest.update(file)
        return digest.digest()
    try:
        with Path(file).open("rb") as opened:
            while part := opened.read(2**20):
                digest.update(part)
    except OSError:
        return None
    return digest.digest()


def _stat(file: str) -> tuple[int, int] | None:
    try:
        found = os.stat(file)  # noqa: PTH116
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _portions(values: Sequence[T]) -> Iterable[list[T]]:
    return (list(values[i : i + _AT_ONCE]) for i in range(0, len(values), _AT_ONCE))
