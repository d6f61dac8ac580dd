"""Trials on a Ray cluster, one a worker. Each node needs Onionskin with its extra ``lab``, of the same version.

Scores come out the same as here; a time is that of the node that carried it out, and is kept with that node's name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from onionskin.lab.question import Question
from onionskin.lab.trial import Outcome, Task, carry_out
from onionskin.learn.cluster import carried_out, connected


@contextmanager
def opened(
    question: Question, address: str | None = None
) -> Iterator[Callable[[Sequence[Task]], Iterator[tuple[Task, Outcome]]]]:
    """Yield what carries out tasks on a cluster, and let go of it afterwards.

    Args:
        question: What is asked; each node reads its own file of it.
        address: The cluster's; by default the one in ``RAY_ADDRESS``, or one of this machine for as long as it takes.

    Raises:
        OnionskinError: Ray is not installed, or no cluster answers.
    """
    with connected(address) as cluster:

        def there(tasks: Sequence[Task]) -> Iterator[tuple[Task, Outcome]]:
            for number, outcome in carried_out(
                cluster, carry_out, tasks, max(1, int(cluster.cluster_resources()["CPU"]))
            ):
                yield tasks[number], outcome

        yield there
