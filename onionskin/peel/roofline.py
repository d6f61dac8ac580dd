"""What this machine can do at best: measured now, on one thread, in about a second.

Source: Williams, Waterman & Patterson (2009), "Roofline: an insightful visual performance model". An operation cannot
be faster than its arithmetic allows, nor than its bytes: the larger of the two times is its roof.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import torch

#: A product of this side fits into the caches, and takes about ten milliseconds.
_SIDE: Final = 512

#: Numbers in each array of the triad: three arrays far beyond any cache.
_LENGTH: Final = 1 << 23


@dataclass(frozen=True)
class Roofline:
    """What one thread of this machine reached.

    Attributes:
        flops: Floating-point operations a second, in a matrix product; a multiply-add is two.
        bandwidth: Bytes a second, in a triad ``a = b + s c`` of arrays that fit into no cache.
        spread: By how much the median of the repetitions was slower than the best one, as a share; the larger of both.
        note: That the machine was busy, or empty.
    """

    flops: float
    bandwidth: float
    spread: float
    note: str

    @property
    def ridge(self) -> float:
        """FLOP a byte from which on arithmetic is the bound."""
        return self.flops / self.bandwidth

    def microseconds(self, flop: float, moved: float) -> float:
        """Return the least time in microseconds that some arithmetic on some bytes takes."""
        return max(flop / self.flops, moved / self.bandwidth) * 1e6


def roofline(dtype: torch.dtype = torch.float32, seconds: float = 0.6) -> Roofline:
    """Measure this machine.

    Args:
        dtype: In which type.
        seconds: How long each of the two measurements may take.
    """
    with _one_thread():
        a, b = torch.rand(_SIDE, _SIDE, dtype=dtype), torch.rand(_SIDE, _SIDE, dtype=dtype)
        c = torch.empty_like(a)
        product, product_spread, product_share = _best(lambda: torch.mm(a, b, out=c), seconds)
        x, y = torch.rand(_LENGTH, dtype=dtype), torch.rand(_LENGTH, dtype=dtype)
        z = torch.zeros_like(x)
        triad, triad_spread, triad_share = _best(lambda: torch.add(x, y, alpha=3.0, out=z), seconds)
    spread = max(product_spread, triad_spread)
    share = min(product_share, triad_share)
    busy = os.getloadavg()[0] > (os.cpu_count() or 1) or spread > 0.25 or share < 0.9
    note = f"the machine was busy: this thread had {share:.0%} of a processor" if busy else ""
    return Roofline(2 * _SIDE**3 / product, 3 * _LENGTH * dtype.itemsize / triad, spread, note)


def _best(work: Callable[[], object], seconds: float) -> tuple[float, float, float]:
    """Return the best time of some work, the spread above it, and the share of a processor that it had."""
    work()
    times: list[float] = []
    began, used = time.perf_counter(), time.process_time()
    while time.perf_counter() - began < seconds or len(times) < 3:
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    share = (time.process_time() - used) / (time.perf_counter() - began)
    best = min(times)
    return best, sorted(times)[len(times) // 2] / best - 1, share


@contextmanager
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
