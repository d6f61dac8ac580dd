"""A Ray cluster, for whatever is carried out there: how to reach it, and jobs on its workers as they come in."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from onionskin.errors import OnionskinError

Job = TypeVar("Job")
Done = TypeVar("Done")

#: A cluster that does not take a connection in this time is not there (seconds). Ray itself tries for minutes.
_PATIENCE: Final = 5.0


@contextmanager
def connected(address: str | None = None) -> Iterator[Any]:
    """Yield Ray, connected, and let go of it afterwards, unless it was connected before.

    Args:
        address: Of a cluster, such as ``10.0.0.1:6379``; by default the one in ``RAY_ADDRESS``, or one of this machine
            for as long as it takes.

    Raises:
        OnionskinError: Ray is not installed, or no cluster can be reached.
    """
    try:
        import ray
    except ModuleNotFoundError as error:
        fix = "pip install 'onionskin[ray]'"
        raise OnionskinError("engine='ray' needs Ray, which is not installed", fix=fix) from error
    is_ours = not ray.is_initialized()
    if is_ours:
        _knock(address or os.environ.get("RAY_ADDRESS", ""))
        try:
            ray.init(address=address, log_to_driver=False, include_dashboard=False, logging_level=logging.ERROR)
        except (ConnectionError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
            fix = "start one (`ray start --head`), or say where it is with --address or in RAY_ADDRESS"
            raise OnionskinError(f"no Ray cluster can be reached: {error}", fix=fix) from error
    try:
        yield ray
    finally:
        if is_ours:
            ray.shutdown()


def _knock(address: str) -> None:
    """Try whether anybody listens at an address, so that a wrong one is told in seconds."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        return  # "auto", "local", or nothing: Ray's own business
    try:
        socket.create_connection((host, int(port)), timeout=_PATIENCE).close()
    except (OSError, OverflowError) as error:
        raise OnionskinError(
            f"no Ray cluster answers at {address}: {error}",
            fix="start one there (`ray start --head`), or give the right --address",
        ) from error


def carried_out(
    ray: Any, function: Callable[[Job], Done], jobs: Sequence[Job], workers: int
) -> Iterator[tuple[int, Done]]:
    """Carry jobs out on a cluster, and yield the number of a job and what it gave, as they come in.

    Args:
        ray: As ``connected`` yields it.
        function: What is done; it and the jobs travel.
        jobs: What to do it with.
        workers: How many at once.

    Raises:
        OnionskinError: One was raised there, or the cluster has gone.
    """
    remote = ray.remote(num_cpus=1, max_retries=2)(function)
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
            except ray.exceptions.RayError as error:
                fix = "see whether its nodes are up; what was over is kept, and --resume goes on with the rest"
                raise OnionskinError(f"the Ray cluster has lost a job: {error}", fix=fix) from error
