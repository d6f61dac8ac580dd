"""How long a call takes, inside one trial: the median of a few samples, so that one interruption does not count."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Final, TypeVar

#: A sample repeats a short call until it lasts this long (seconds): the clock and the loop are then below a thousandth.
SAMPLE: Final = 1e-3

Result = TypeVar("Result")


def seconds_of(
    call: Callable[[], object],
    *,
    seconds: float = 0.1,
    least: int = 3,
    is_warm: bool = False,
    wait: Callable[[], object] | None = None,
) -> float:
    """Return the median of the seconds that a call takes, each sample long enough for the clock to be exact.

    Args:
        call: What is timed.
        seconds: About how long the samples may take together.
        least: At least so many samples, however long they take.
        is_warm: Whether the call was made before; otherwise it is made once for nothing.
        wait: Called at the end of each sample: a GPU returns before it is done.
    """
    settle = wait or (lambda: None)
    began = time.perf_counter()
    if not is_warm:
        call()
        settle()
    once = _sample(call, 1, settle)
    repeats = max(1, round(SAMPLE / max(once, 1e-9)))
    taken = [once] if repeats == 1 else []
    if repeats > 1:  # the first of many short calls is slower than the rest: look again before dividing
        repeats = max(1, round(repeats * SAMPLE / max(_sample(call, repeats, settle) * repeats, 1e-9)))
    while len(taken) < least or time.perf_counter() - began < seconds:
        taken.append(_sample(call, repeats, settle))
    return statistics.median(taken)


def processor_seconds(
    call: Callable[[], object], *, repeats: int = 5, at_least: float = 0.0, mean: bool = False
) -> float:
    """Return the median time that this thread's processor spent on a call (seconds): without waiting for other people.

    Right only for what runs on the calling thread, as PyTorch does where it has one thread.

    Args:
        call: What is timed. The first call is made for nothing: it may load or compile.
        repeats: How often at least.
        at_least: Repeats go on until so many seconds are spent.
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


def _sample(call: Callable[[], object], repeats: int, settle: Callable[[], object]) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        call()
    settle()
    return (time.perf_counter() - start) / repeats
