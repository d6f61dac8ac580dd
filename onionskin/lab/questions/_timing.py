"""How long a call takes, inside one trial: the median of repeats, so that one interruption does not count."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


def median_seconds(call: Callable[[], object], *, repeats: int = 5, at_least: float = 0.0) -> float:
    """Return the median time of a call (seconds). The first call is made for nothing: it may load or compile.

    Args:
        call: What is timed.
        repeats: How often at least.
        at_least: Repeats go on until so many seconds are spent.
    """
    call()
    times: list[float] = []
    began = time.perf_counter()
    while len(times) < repeats or time.perf_counter() - began < at_least:
        times.append(timed(call)[0])
    return statistics.median(times)


def processor_seconds(
    call: Callable[[], object], *, repeats: int = 5, at_least: float = 0.0, mean: bool = False
) -> float:
    """Return the median time that this thread's processor spent on a call (seconds): without waiting for other people.

    Right only for what runs on the calling thread, as PyTorch does where it has one thread.

    Args:
        call, repeats, at_least: As above.
        mean: Whether to return the mean: where calls differ, as some find their answer at once.
    """
    call()
    times: list[float] = []
    began = time.thread_time()
    while len(times) < repeats or time.thread_time() - began < at_least:
        start = time.thread_time()
        call()
        times.append(time.thread_time() - start)
    return statistics.fmean(times) if mean else statistics.median(times)


def timed(call: Callable[[], Result]) -> tuple[float, Result]:
    """Return the time of one call (seconds), for what is done for the first time only once, and what it gave."""
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result
