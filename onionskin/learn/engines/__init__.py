"""Where the trials of a sweep are carried out, one file each: ``opened(workers, base)`` yields a function of jobs.

An engine decides where and when, and nothing else: the same trials have the same outcomes on each of them. It is opened
once for all rounds, since a process that imports PyTorch takes seconds to begin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from onionskin.learn.trials import Job, Outcome

#: Called with jobs, it yields the number of a job and its outcome, as they come in.
CarryOut = Callable[[Sequence[Job]], Iterator[tuple[int, Outcome]]]
