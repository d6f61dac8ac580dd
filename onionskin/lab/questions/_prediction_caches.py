"""Answers of a model kept by what was asked: nowhere, in a Python dict, or in SQLite; all, or the latest used alone.

An answer is kept under a hash of the model's weights together with the input's bytes: another model, or the same one
trained on, never gets this one's answers.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
from torch import nn

Array = npt.NDArray[np.float32]
Model = Callable[[Array], Array]

#: So many changes are written together: after a crash at most these are computed again.
_TOGETHER: Final = 256


class Store(Protocol):
    """Where answers are kept."""

    hits: int
    misses: int

    def ask(self, x: Array) -> Array:
        """Return the model's answer, computed now or before."""
        ...

    def close(self) -> None:
        """Let go of what is open."""
        ...


def model_key(model: nn.Module) -> bytes:
    """Return a hash of a model's names and weights: 16 bytes."""
    digest = hashlib.blake2b(digest_size=16)
    for name, tensor in model.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.digest()


def key(model: bytes, x: Array) -> bytes:
    """Return what an answer is kept under: 16 bytes of the model's hash and the input's shape and bytes."""
    return hashlib.blake2b(repr(x.shape).encode() + x.tobytes(), key=model, digest_size=16).digest()


class Recomputing:
    """Keeps nothing."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.hits = self.misses = 0

    def ask(self, x: Array) -> Array:
        """Return the model's answer, computed now."""
        self.misses += 1
        return self._model(x)

    def close(self) -> None:
        """Nothing is open."""


class InDict:
    """Keeps answers in this process, in the order of their last use.

    Args:
        model: What is asked.
        of: Its key.
        room: At most so many answers; the one unused for longest makes room. 0 for any number.
    """

    def __init__(self, model: Model, of: bytes, room: int = 0) -> None:
        self._model, self._of, self._room = model, of, room
        self._kept: OrderedDict[bytes, Array] = OrderedDict()
        self.hits = self.misses = 0

    def __len__(self) -> int:
        return len(self._kept)

    def ask(self, x: Array) -> Array:
        """Return the model's answer, computed now or before."""
        name = key(self._of, x)
        kept = self._kept.get(name)
        if kept is not None:
            self.hits += 1
            if self._room:
                self._kept.move_to_end(name)
            return kept
        self.misses += 1
        self._kept[name] = found = self._model(x)
        if self._room and len(self._kept) > self._room:
            self._kept.popitem(last=False)
        return found

    def close(self) -> None:
        """Nothing is open."""


class InSqlite:
    """Keeps answers in a table of SQLite: they outlive the process, and others may read them.

    Args:
        model: What is asked.
        of: Its key.
        path: The file; an answer that stands there already is a hit.
        room: At most so many answers; the one unused for longest makes room. 0 for any number: a hit writes nothing.
    """

    def __init__(self, model: Model, of: bytes, path: Path, room: int = 0) -> None:
        self._model, self._of, self._room = model, of, room
        self._file = sqlite3.connect(path, isolation_level=None)
        self._file.execute("PRAGMA journal_mode = WAL")  # readers do not wait for the writer
        self._file.execute("PRAGMA synchronous = NORMAL")
        self._file.execute(
            "CREATE TABLE IF NOT EXISTS answers "
            "(key BLOB PRIMARY KEY, answer BLOB NOT NULL, used INTEGER NOT NULL) WITHOUT ROWID"
        )
        if room:
            self._file.execute("CREATE INDEX IF NOT EXISTS by_use ON answers (used)")
        self._count, self._clock = self._file.execute("SELECT count(*), coalesce(max(used), 0) FROM answers").fetchone()
        self._changes = 0
        self.hits = self.misses = 0

    def __len__(self) -> int:
        return int(self._count)

    def ask(self, x: Array) -> Array:
        """Return the model's answer, computed now or before."""
        name = key(self._of, x)
        row = self._file.execute("SELECT answer FROM answers WHERE key = ?", (name,)).fetchone()
        self._clock += 1
        if row is not None:
            self.hits += 1
            if self._room:
                self._change("UPDATE answers SET used = ? WHERE key = ?", (self._clock, name))
            return np.frombuffer(row[0], np.float32)
        self.misses += 1
        found = self._model(x)
        self._change("INSERT INTO answers VALUES (?, ?, ?)", (name, found.tobytes(), self._clock))
        self._count += 1
        if self._room and self._count > self._room:
            self._change("DELETE FROM answers WHERE used = (SELECT min(used) FROM answers)", ())
            self._count -= 1
        return found

    def close(self) -> None:
        """Write what is not written yet."""
        if self._changes:
            self._file.execute("COMMIT")
        self._file.close()

    def _change(self, statement: str, values: tuple[object, ...]) -> None:
        if not self._changes:
            self._file.execute("BEGIN")
        self._file.execute(statement, values)
        self._changes += 1
        if self._changes >= _TOGETHER:
            self._file.execute("COMMIT")
            self._changes = 0


def zipf(count: int, of: int, exponent: float, seed: int) -> npt.NDArray[np.int64]:
    """Return which of some inputs are asked for, where the r-th most popular is asked in proportion to r^−s.

    Args:
        count: So many requests.
        of: So many different inputs; which of them are popular is drawn.
        exponent: s of Zipf's law; near 1 in words and in requests to web servers (Breslau et al., 1999).
        seed: Of the draw.
    """
    rng = np.random.default_rng(seed)
    weights = np.arange(1, of + 1, dtype=np.float64) ** -exponent
    ranks = np.searchsorted(np.cumsum(weights / weights.sum()), rng.random(count))
    return rng.permutation(of)[np.minimum(ranks, of - 1)]
