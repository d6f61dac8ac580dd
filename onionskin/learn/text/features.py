"""What a frozen encoder says of texts, computed once on this machine and kept.

It is kept for each text by what the text and the weights are, so that another split, another share of the labels or a
second data set with the same texts computes nothing again. The values are rounded to 16 bits.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from onionskin.fetch.cache import cache_folder
from onionskin.learn.text.tokenizer import padded

#: From this size on (bytes) the cache is begun anew.
MOST_BYTES: Final = 4 * 2**30

_TOKENS_AT_ONCE: Final = 4096

Halves = npt.NDArray[np.float16]


def of(
    encoded: Sequence[Sequence[int]],
    compute: Callable[[Tensor], Tensor],
    width: int,
    *,
    key: bytes,
    folder: Path | None = None,
) -> Tensor:
    """Return the features of texts, (n, width) float32.

    Args:
        encoded: The tokens of each text.
        compute: From padded tokens, (n, t), to features, (n, width).
        width: How many features there are.
        key: What tells these features from others: weights and method, see :func:`key_of`.
        folder: Where they are kept; by default in Onionskin's cache.
    """
    names = [hashlib.blake2b(np.asarray(ids, np.int32).tobytes(), key=key, digest_size=16).digest() for ids in encoded]
    place = (folder or cache_folder()) / "features.sqlite"
    kept = _read(place, set(names), width)
    # Texts of one length go together, so that little is padded; the same text is computed once.
    todo = {name: row for row, name in enumerate(names) if name not in kept}
    rows = sorted(todo.values(), key=lambda row: len(encoded[row]))
    for portion in _told(_portions(rows, encoded), len(rows)):
        with torch.no_grad(), _all_threads():
            found = compute(padded([encoded[row] for row in portion])).numpy().astype(np.float16)
        new = {names[row]: values for row, values in zip(portion, found, strict=True)}
        _write(place, new)  # at once: what a Ctrl-C ends is not lost
        kept |= new
    return torch.from_numpy(np.stack([kept[name] for name in names]).astype(np.float32))


@contextmanager
def _all_threads() -> Iterator[None]:
    """Let PyTorch use every core; the head that is trained afterwards is faster on one."""
    before = torch.get_num_threads()
    torch.set_num_threads(os.cpu_count() or 1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def key_of(model: nn.Module, method: str) -> bytes:
    """Return what tells the features of one model and method from those of another (32 bytes)."""
    digest = hashlib.blake2b(method.encode(), digest_size=32)
    for name, value in model.state_dict().items():
        digest.update(name.encode())
        digest.update(value.numpy().tobytes())
    return digest.digest()


def _portions(rows: Sequence[int], encoded: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    portion: list[int] = []
    for row in rows:
        if portion and (len(portion) + 1) * len(encoded[row]) > _TOKENS_AT_ONCE:
            yield portion
            portion = []
        portion.append(row)
    if portion:
        yield portion


def _told(portions: Iterator[list[int]], total: int) -> Iterator[list[int]]:
    """Yield portions; where there are many, and somebody looks, with a bar on stderr."""
    if total < 256 or not sys.stderr.isatty():
        yield from portions
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading texts with MiniLM, once", total=total)
        for portion in portions:
            yield portion
            bar.advance(task, len(portion))


def _read(place: Path, names: set[bytes], width: int) -> dict[bytes, Halves]:
    """Return what is kept of texts. A cache that cannot be read keeps nothing."""
    if not place.is_file():
        return {}
    found: dict[bytes, Halves] = {}
    with suppress(sqlite3.Error), closing(_opened(place)) as kept:
        wanted = list(names)
        for start in range(0, len(wanted), 500):
            some = wanted[start : start + 500]
            asked = f"SELECT name, value FROM features WHERE name IN ({','.join('?' * len(some))})"
            for name, value in kept.execute(asked, some):
                if isinstance(value, bytes) and len(value) == 2 * width:
                    found[name] = np.frombuffer(value, np.float16)
    return found


def _write(place: Path, new: dict[bytes, Halves]) -> None:
    """Keep features. Where that fails, on a full disk say, they are computed again another time."""
    with suppress(sqlite3.Error, OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.is_file() and place.stat().st_size > MOST_BYTES:
            place.unlink()
        with closing(_opened(place)) as kept, kept:
            kept.execute("CREATE TABLE IF NOT EXISTS features (name BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID")
            kept.executemany(
                "INSERT OR REPLACE INTO features VALUES (?, ?)", [(n, v.tobytes()) for n, v in new.items()]
            )


def _opened(place: Path) -> sqlite3.Connection:
    return sqlite3.connect(place, timeout=30)
