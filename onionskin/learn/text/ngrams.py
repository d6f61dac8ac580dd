"""Texts as bags of n-grams: words, pairs of words, pieces of three to five letters, each a row of a table by its hash.

Papers: Weinberger et al. (2009), "Feature hashing for large scale multitask learning", arXiv 0902.2206; Joulin et al.
(2016), "Bag of tricks for efficient text classification", arXiv 1607.01759.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

#: A word, or a sign that is no letter: an exclamation mark says as much as many words.
WORD: Final = re.compile(r"\w+|[^\w\s]")

#: Of longer texts the beginning is read.
MOST_LETTERS: Final = 20_000

#: An odd constant, so that it has an inverse modulo 2⁶⁴: 2⁶⁴ over the golden ratio.
_BASE: Final = 0x9E3779B97F4A7C15
_INVERSE: Final = pow(_BASE, -1, 1 << 64)

_Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Bag:
    """The n-grams of one text: (m,) rows, words before letters, and what each counts, (m,), of length 1 together."""

    rows: npt.NDArray[np.int32]
    shares: npt.NDArray[np.float32]


def bag(text: str, rows: int) -> Bag:
    """Return a text's n-grams. What comes k times counts 1 + log k; letters are taken as small ones, words as they are.

    Args:
        text: Any text; what is behind :data:`MOST_LETTERS` is left out.
        rows: How many rows the table has.
    """
    text = text[:MOST_LETTERS]
    # Words and letters have half the length each: there are many more pieces than words, and they would drown them.
    parts = [_counted(found, rows) for found in (_of_words(text), _of_letters(" ".join(text.lower().split())))]
    return Bag(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def padded(bags: Sequence[Bag]) -> tuple[Tensor, Tensor]:
    """Return bags as rows, (n, m) int64, and shares, (n, m) float32. What fills a short bag up counts 0."""
    most = max(1, *(len(one.rows) for one in bags)) if bags else 1
    rows = np.zeros((len(bags), most), np.int64)
    shares = np.zeros((len(bags), most), np.float32)
    for i, one in enumerate(bags):
        rows[i, : len(one.rows)], shares[i, : len(one.rows)] = one.rows, one.shares
    return torch.from_numpy(rows), torch.from_numpy(shares)


def _counted(found: _Hashes, rows: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Return the rows of hashes, each once, and what each counts, of length √½ together."""
    # Multiplication moves entropy upwards, so that the upper half is the better one.
    places, counts = np.unique((found >> np.uint64(32)) % np.uint64(rows), return_counts=True)
    shares = 1 + np.log(counts)
    return places.astype(np.int32), (shares / np.sqrt(2 * (shares**2).sum() or 1)).astype(np.float32)


def _of_letters(text: str) -> _Hashes:
    """Hashes of all pieces of three to five letters."""
    sums = _sums(text)
    starts = np.arange(max(0, len(text) - 2))
    return np.concatenate([_between(sums, starts[: max(0, len(text) - n + 1)], n) * _odd(n) for n in (3, 4, 5)])


def _of_words(text: str) -> _Hashes:
    """Hashes of all words and all pairs of neighbours."""
    spans = np.array([word.span() for word in WORD.finditer(text)], np.int64).reshape(-1, 2)
    words = _between(_sums(text), spans[:, 0], spans[:, 1] - spans[:, 0])
    with np.errstate(over="ignore"):
        pairs = words[:-1] * _odd(11) + words[1:]
        return np.concatenate([words * _odd(7), pairs * _odd(13)])


def _sums(text: str) -> _Hashes:
    """(letters + 1,): the sum of letter · base^place up to each place, modulo 2⁶⁴."""
    letters = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    return np.concatenate([[np.uint64(0)], np.cumsum((letters + np.uint64(1)) * _powers(_BASE, len(letters)))])


def _between(sums: _Hashes, starts: npt.NDArray[np.int64], lengths: int | npt.NDArray[np.int64]) -> _Hashes:
    """Return a hash of each piece that is the same wherever it stands: the sum over it, over base^start; well mixed."""
    found: _Hashes = (sums[starts + lengths] - sums[starts]) * _powers(_INVERSE, len(sums))[starts]
    found ^= found >> np.uint64(31)
    return found * _odd(3)


def _powers(base: int, count: int) -> _Hashes:
    """(count,): base^0, base^1 …, modulo 2⁶⁴."""
    factors = np.full(count, base, np.uint64)
    factors[:1] = 1
    return np.cumprod(factors)


def _odd(number: int) -> np.uint64:
    """Return another odd constant for each small number."""
    return np.uint64((_BASE * (2 * number + 1)) % (1 << 64) | 1)
