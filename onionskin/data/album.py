"""Many photos as pixels of one size: decoded in threads, kept on disk and, where they fit, in memory.

What comes out, and in which order, is the same however many threads there are.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

from onionskin.data.folder import Unreadable
from onionskin.data.photo_cache import PhotoCache, key_of
from onionskin.data.photos import Fit, Pixels, UnreadablePhotoError, read_photo

In = TypeVar("In")
Out = TypeVar("Out")

#: Photos stay in memory where all of them take at most so much (bytes): 10,000 of 224 × 224.
MOST_HELD: Final = 1_500_000_000

#: Of the code above: pixels that an older version made are not taken for what this one makes.
_VERSION: Final = 1


class Album:
    """Photos at one size.

    Args:
        files: Where they are.
        size: The side of their squares.
        fit: How they become squares; see :func:`onionskin.data.photos.read_photo`.
        cache: Keeps pixels on disk; None for not at all.
        threads: How many decode at the same time; by default as many as there are cores, and at most 8.

    Attributes:
        broken: What turned out to be unreadable so far, by row number. Its pixels are white.
    """

    def __init__(
        self,
        files: Sequence[str],
        size: int,
        fit: Fit = "squish",
        *,
        cache: PhotoCache | None = None,
        threads: int | None = None,
    ) -> None:
        self.files, self.size, self.fit = tuple(files), size, fit
        self.broken: dict[int, Unreadable] = {}
        self._cache = cache
        self._threads = threads or min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2, 8)
        self._held: Pixels | None = None

    def __len__(self) -> int:
        return len(self.files)

    @property
    def is_held(self) -> bool:
        """Whether all photos are in memory."""
        return self._held is not None

    @property
    def fits_in_memory(self) -> bool:
        """Whether all photos together may stay in memory."""
        return len(self) * self.size**2 * 3 <= MOST_HELD

    def pixels(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> Pixels:
        """Return photos, (n, size, size, 3). White stands for what cannot be read, which :attr:`broken` then names."""
        numbers = [int(row) for row in rows]
        if self._held is not None:
            return self._held[numbers]
        out = np.full((len(numbers), self.size, self.size, 3), 255, np.uint8)
        missing = self._kept(numbers, out) if self._cache else dict.fromkeys(range(len(numbers)), b"")

        def decode(place: int) -> bool:
            file = self.files[numbers[place]]
            try:
                out[place] = read_photo(file, self.size, self.fit)
            except UnreadablePhotoError as error:
                self.broken[numbers[place]] = Unreadable(file, str(error))
                return False
            return True

        with ThreadPoolExecutor(self._threads) as pool:
            is_good = list(pool.map(decode, missing))
        if self._cache:
            good = [(place, key) for (place, key), good in zip(missing.items(), is_good, strict=True) if good and key]
            self._cache.put({key: out[place].tobytes() for place, key in good})
        return out

    def hold(self, *, told: Callable[[int, int], None] | None = None) -> None:
        """Decode all photos and keep them in memory.

        Args:
            told: Called with how many of how many are done.
        """
        if self._held is not None:
            return
        held = np.empty((len(self), self.size, self.size, 3), np.uint8)
        for start in range(0, len(self), 256):
            rows = range(start, min(start + 256, len(self)))
            held[start : rows.stop] = self.pixels(rows)
            if told:
                told(rows.stop, len(self))
        self._held = held

    def without(self, rows: Iterable[int]) -> Album:
        """Return the album without some of its photos; what is in memory stays there."""
        keep = np.setdiff1d(np.arange(len(self)), np.fromiter(rows, np.int64))
        files = [self.files[i] for i in keep]
        album = Album(files, self.size, self.fit, cache=self._cache, threads=self._threads)
        album._held = None if self._held is None else self._held[keep]
        return album

    def _kept(self, numbers: Sequence[int], out: Pixels) -> dict[int, bytes]:
        """Fill in what the disk has, and return the places that are missing, each with the key to keep it under."""
        assert self._cache is not None
        made = f"pixels {_VERSION} {self.size} {self.fit}"
        contents = self._cache.contents([self.files[i] for i in numbers])
        keys = {place: key_of(content, made) if content else b"" for place, content in enumerate(contents)}
        kept = self._cache.get({key for key in keys.values() if key})
        for place, key in list(keys.items()):
            value = kept.get(key)
            if value is not None and len(value) == out[place].nbytes:
                out[place] = np.frombuffer(value, np.uint8).reshape(out[place].shape)
                del keys[place]
        return keys


def prefetched(items: Iterable[In], make: Callable[[In], Out], *, ahead: int = 2) -> Generator[Out]:
    """Yield ``make(item)`` for each item in order, made by another thread while the caller is busy with the last.

    An error in ``make`` is raised where its item would have come. A caller that goes away ends the thread.

    Args:
        items: Read by the other thread.
        make: Called there, for one item at a time.
        ahead: How many results wait at most.
    """
    results: queue.Queue[tuple[str, Any]] = queue.Queue(ahead)
    gone = threading.Event()

    def hand(kind: str, value: Any) -> bool:
        while not gone.is_set():
            try:
                results.put((kind, value), timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def work() -> None:
        try:
            for item in items:
                if not hand("made", make(item)):
                    return
            hand("end", None)
        except BaseException as error:  # noqa: BLE001 - it is raised at the caller's
            hand("error", error)

    thread = threading.Thread(target=work, name="photos", daemon=True)
    thread.start()
    try:
        while True:
            kind, value = results.get()
            if kind == "end":
                return
            if kind == "error":
                raise value
            yield value
    finally:
        gone.set()
        thread.join()
