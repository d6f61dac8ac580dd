"""Trials on a Ray cluster: the one whose address is in ``RAY_ADDRESS``, or one of this machine for as long as it takes.

Each node needs Onionskin and the data, at the path that the learner was made from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from onionskin.errors import OnionskinError
from onionskin.learn.cluster import carried_out, connected
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
    with connected() as cluster:

        def on_the_cluster(jobs: Sequence[Job]) -> Iterator[tuple[int, Outcome]]:
            yield from carried_out(cluster, outcome, jobs, workers)

        yield on_the_cluster
