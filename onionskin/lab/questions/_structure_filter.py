"""A Bloom filter in front of a classifier: what is known to be harmless passes without being looked at.

Paper: Bloom (1970), "Space/time trade-offs in hash coding with allowable errors", CACM 13. The filter never forgets
what it was told, and takes a few other things for known: those are passed wrongly.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import numpy as np
import torch

from onionskin.lab.questions._stopwatch import processor_seconds
from onionskin.models import convnet

#: How many things are known, and how many others are tried.
KNOWN: Final = 20_000
OTHERS: Final = 20_000

#: The share of what is asked that is known.
TRAFFIC: Final = 0.9

_SIDE: Final = 28
_ASKED: Final = 200


def _hash(key: bytes) -> int:
    """Return 128 bits that are the same in every process, which Python's own hash is not."""
    return int.from_bytes(hashlib.blake2b(key, digest_size=16).digest(), "little", signed=True)


@cache
def _model() -> convnet.ConvNet:
    torch.manual_seed(0)
    return convnet.build().eval()


def _things(count: int, seed: int) -> list[bytes]:
    pixels = np.random.default_rng(seed).integers(0, 256, (count, _SIDE * _SIDE), np.uint8)
    return [row.tobytes() for row in pixels]


def measured(wrong: float, seed: int) -> dict[str, float]:
    """Return seconds for a thing that is asked, the share wrongly passed, and the filter's bytes.

    Args:
        wrong: The share of other things that the filter is sized to pass; 0 for no filter.
        seed: Of what is known and asked.
    """
    known, others = _things(KNOWN, 2 * seed), _things(OTHERS, 2 * seed + 1)
    kept = _filter(wrong, known) if wrong else None
    asked = _traffic(known, others, seed)
    _answered(others[0], None)  # the network is there, and has run, before anything is timed
    seconds = processor_seconds(lambda: _answered(next(asked), kept), repeats=_ASKED, mean=True)
    if kept is None:
        return {"seconds": seconds, "agreement": 1.0, "false_positives": 0.0, "bytes": 0}
    passed = sum(key in kept for key in others) / len(others)
    return {"seconds": seconds, "agreement": 1 - passed, "false_positives": passed, "bytes": kept.size_in_bits / 8}


def _filter(wrong: float, known: list[bytes]) -> Any:
    from rbloom import Bloom

    kept = Bloom(len(known), wrong, _hash)
    kept.update(known)
    return kept


def _traffic(known: list[bytes], others: list[bytes], seed: int) -> Iterator[bytes]:
    """Yield what is asked, without end: nine known things for each other one."""
    draw = np.random.default_rng(seed)
    while True:
        chosen = known if draw.random() < TRAFFIC else others
        yield chosen[draw.integers(len(chosen))]


def _answered(key: bytes, kept: Any) -> bool:
    """Return whether a thing is to be stopped."""
    if kept is not None and key in kept:
        return False
    x = torch.frombuffer(bytearray(key), dtype=torch.uint8).reshape(1, 1, _SIDE, _SIDE).float().div_(255)
    with torch.inference_mode():
        return bool(_model()(x)[0].argmax() == 0)
