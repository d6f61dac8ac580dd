"""Trials in this process, one after the other: nothing of ours runs beside what is timed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from onionskin.lab.machine import Neighbours
from onionskin.lab.question import Question
from onionskin.lab.trial import Outcome, Task, carry_out


@contextmanager
def opened(
    question: Question, address: str | None = None
) -> Iterator[Callable[[Sequence[Task]], Iterator[tuple[Task, Outcome]]]]:
    """Yield what carries out tasks, in their order."""
    neighbours = Neighbours()

    def here(tasks: Sequence[Task]) -> Iterator[tuple[Task, Outcome]]:
        for task in tasks:
            yield task, carry_out(task, question, neighbours)

    yield here
