"""Trials on a Ray cluster: the one whose address is in ``RAY_ADDRESS``, or one of this machine for as long as it takes.

Each node needs Onionskin and the data, at the path that the learner was made from.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from onionskin.errors import OnionskinError
from onionskin.learn.domain import Domain
from onionskin.learn.engines import CarryOut
from onionskin.learn.trials import Job, Outcome, outcome


@contextmanager
def opened(workers: int, base: Domain | None = None) -> Iterator[CarryOut]:
    """Yield what carries out jobs on a cluster, and let go of it afterwards, unless it was connected before.

    Args:
        workers: How many at once.
        base: Has to be None: data that are only in memory are on no other machine.

    Raises:
        OnionskinError: Ray is not installed, no cluster can be reached, or the data are only in memory.
    """
    if base is not None:
        raise OnionskinError("the data of this learner are only in memory, and a cluster cannot open them",
                             fix="make the learner from a path that each node has, or use engine='local'")  # fmt: skip
    try:
        import ray
    except ModuleNotFoundError as error:
        fix = "pip install 'onionskin[ray]'"
        raise OnionskinError("engine='ray' needs Ray, which is not installed", fix=fix) from error
    is_ours = not ray.is_initialized()
    if is_ours:
        try:
            ray.init(log_to_driver=False, include_dashboard=False, logging_level=logging.ERROR)
        except (ConnectionError, RuntimeError, ValueError) as error:
            fix = "start one (`ray start --head`), or say where it is in RAY_ADDRESS"
            raise OnionskinError(f"no Ray cluster can be reached: {error}", fix=fix) from error
    remote = ray.remote(num_cpus=1, max_retries=2)(outcome)

    def on_the_cluster(jobs: Sequence[Job]) -> Iterator[tuple[int, Outcome]]:
        waiting = list(enumerate(jobs))
        under_way: dict[Any, int] = {}
        while waiting or under_way:
            while waiting and len(under_way) < workers:
                number, job = waiting.pop(0)
                under_way[remote.remote(job)] = number
            ready, _ = ray.wait(list(under_way), num_returns=1)
            for reference in ready:
                try:
                    yield under_way.pop(reference), ray.get(reference)
                except ray.exceptions.RayTaskError as error:
                    # Wrapped on its way here: what a person can mend is said in its own words.
                    raise (error.cause if isinstance(error.cause, OnionskinError) else error) from None

    try:
        yield on_the_cluster
    finally:
        if is_ours:
            ray.shutdown()
