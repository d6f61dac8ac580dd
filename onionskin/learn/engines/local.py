"""Trials on this machine: one after the other, or in several processes."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from onionskin.errors import OnionskinError
from onionskin.learn.domain import Domain
from onionskin.learn.engines import CarryOut
from onionskin.learn.trials import Job, Outcome, outcome


@contextmanager
def opened(workers: int, base: Domain | None = None) -> Iterator[CarryOut]:
    """Yield what carries out jobs, and end its processes afterwards.

    Args:
        workers: How many at once; of more than one, each is a process of its own.
        base: The domain where its data are only in memory; one worker then does all.
    """

    def here(jobs: Sequence[Job]) -> Iterator[tuple[int, Outcome]]:
        for number, job in enumerate(jobs):
            yield number, outcome(job, base)

    if workers == 1 or base is not None:
        yield here
        return
    # Spawned, not forked: PyTorch's threads do not survive a fork.
    pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))

    def in_processes(jobs: Sequence[Job]) -> Iterator[tuple[int, Outcome]]:
        try:
            numbers = {pool.submit(outcome, job): number for number, job in enumerate(jobs)}
            for done in as_completed(numbers):
                yield numbers[done], done.result()
        except BrokenProcessPool as error:
            fix = 'in a script, put the call under `if __name__ == "__main__":`; if memory is short, take workers=1'
            raise OnionskinError("a process of the sweep could not begin, or was ended", fix=fix) from error

    try:
        yield in_processes
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
