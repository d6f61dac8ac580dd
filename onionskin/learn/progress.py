"""How a training tells a person where it is: a bar on stderr, on a terminal or in a notebook."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from onionskin.learn.training import Progress, Training


def told(training: Training, name: str) -> Iterator[Progress]:
    """Run a training, show a bar while it runs, and yield its progress."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[note]}"),
               TimeRemainingColumn())  # fmt: skip
    with Bar(*columns, console=Console(stderr=True)) as bar, closing(iter(training)) as steps:
        task = bar.add_task(f"training {name}", total=training.steps, note="")
        for done in steps:
            bar.update(task, completed=done.step, note=f"loss {done.loss:.3f}  {done.shown}")
            yield done
