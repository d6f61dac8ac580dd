"""Examples that are there more than once: equal ones, and texts that share nearly all of their words.

Texts are compared by MinHash (Broder, 1997, "On the resemblance and containment of documents"): of each hash function
the least value over a text's shingles is kept, and two texts agree in a share of them that is about the share of
shingles that they have in common. Only texts that agree in a whole band are then compared exactly.
"""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

#: Texts are near-duplicates where they share this much of all shingles of both (the Jaccard index).
SHARED: Final = 0.8

#: Words of a shingle; so many values of a text are kept, in bands of so many: two texts that share 0.8 meet in one of
#: the bands with a probability of 1 - (1 - 0.8^4)^16 = 0.9998.
WORDS: Final = 3
HASHES: Final = 64
BAND: Final = 4

#: A Mersenne prime, for hash functions a·x + b mod p.
_PRIME: Final = (1 << 31) - 1

#: So many of those that meet in a band are compared with its first ones, not each with each.
_MOST_MET: Final = 200


def near_texts(texts: Sequence[str], *, shared: float = SHARED) -> list[list[int]]:
    """Return the groups of texts that are joined by pairs of near-duplicates, each in rising order.

    Capitals, punctuation and spaces count for nothing. About 20,000 short texts take a second.

    Args:
        texts: The texts; empty ones are in no group.
        shared: The least share of shingles in common.
    """
    shingles = [_shingles(text) for text in texts]
    leader = list(range(len(texts)))

    def lead(i: int) -> int:
        while leader[i] != i:
            leader[i] = leader[leader[i]]
            i = leader[i]
        return i

    def join(i: int, j: int) -> None:
        first, second = sorted((lead(i), lead(j)))
        leader[second] = first

    met: dict[Any, list[int]] = defaultdict(list)
    for i, found in enumerate(shingles):
        if found:
            met[frozenset(found)].append(i)
    for same in met.values():
        for i in same[1:]:
            join(same[0], i)
    kept = [same[0] for same in met.values()]  # of equal ones the first is compared with others
    if len(kept) > 1:
        signatures = np.stack([_signature(shingles[i]) for i in kept])
        for start in range(0, HASHES, BAND):
            band = np.ascontiguousarray(signatures[:, start : start + BAND])
            together = defaultdict(list)
            for i, key in zip(kept, map(bytes, band), strict=True):
                together[key].append(i)
            for group in together.values():
                for place, i in enumerate(group[:_MOST_MET]):
                    for j in group[place + 1 :]:
                        if lead(i) != lead(j) and _share(shingles[i], shingles[j]) >= shared:
                            join(i, j)
    return _groups(leader, lead, (i for i, found in enumerate(shingles) if found))


def equal(parts: Iterable[Sequence[Any]]) -> list[list[int]]:
    """Return the groups of examples whose arrays are all equal.

    Args:
        parts: Portions of the examples in order; each is a sequence of arrays or tensors whose first axis is the
            example.
    """
    seen: dict[tuple[bytes, ...], list[int]] = defaultdict(list)
    number = 0
    for arrays in parts:
        plain = [np.ascontiguousarray(array) for array in arrays]
        for i in range(len(plain[0])):
            seen[tuple(array[i].tobytes() for array in plain)].append(number)
            number += 1
    return sorted(group for group in seen.values() if len(group) > 1)


def _shingles(text: str) -> frozenset[int]:
    words = re.findall(r"\w+", text.lower())
    runs = [" ".join(words[i : i + WORDS]) for i in range(max(1, len(words) - WORDS + 1))] if words else []
    return frozenset(zlib.crc32(run.encode(errors="replace")) % _PRIME for run in runs)


_RANDOM: Final = np.random.default_rng(1997)
_FACTORS: Final = _RANDOM.integers(1, _PRIME, (HASHES, 1), dtype=np.int64)
_OFFSETS: Final = _RANDOM.integers(0, _PRIME, (HASHES, 1), dtype=np.int64)


def _signature(shingles: frozenset[int]) -> npt.NDArray[np.int64]:
    """Return the least value of each hash function, (HASHES,). Products stay below 2^62."""
    values = np.fromiter(shingles, np.int64, len(shingles))
    least: npt.NDArray[np.int64] = ((_FACTORS * values + _OFFSETS) % _PRIME).min(axis=1)
    return least


def _share(one: frozenset[int], other: frozenset[int]) -> float:
    both = len(one & other)
    return both / (len(one) + len(other) - both)


def _groups(leader: list[int], lead: Any, members: Iterable[int]) -> list[list[int]]:
    groups: dict[int, list[int]] = defaultdict(list)
    for i in members:
        groups[lead(i)].append(i)
    return sorted(group for group in groups.values() if len(group) > 1)
