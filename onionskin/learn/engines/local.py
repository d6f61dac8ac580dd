"""Trials on this machine: one after the other, or in several processes."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool

from onionskin.errors import OnionskinError
from onionskin.learn.domain import Domain
from onionskin.learn.trials import Job, Outcome, outcome


def carried_out(jobs: Sequence[Job], *, workers: int, base: Domain | None = None) -> Iterator[tuple[int, Outcome]]:
    """Yield the number of a job and its outcome, as they come in.

    Args:
        jobs: What to do.
        workers: How many at once; of more than one, each is a process of its own.
        base: The domain where its data are only in memory; one worker then does all.
    """
    if workers == 1 or base is not None:
        for number, job in enumerate(jobs):
            yield number, outcome(job, base)
        return
    # Spawned, not forked: PyTorch's threads do not survive a fork.
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        numbers = {pool.submit(outcome, job): number for number, job in enumerate(jobs)}
        try:
            for done in as_completed(numbers):
                yield numbers[done], done.result()
        except BrokenProcessPool as error:
            raise OnionskinError(
                "a process of the sweep could not begin, or was ended",
                fix='in a script, put the call under `if __name__ == "__main__":`; if memory is short, take workers=1',
            ) from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
