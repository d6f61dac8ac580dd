"""How a command talks to a person: what it says, how long work shows its progress, and what it needs to begin."""

from __future__ import annotations

import os
import sys
from typing import Any

from onionskin.errors import without_its_library


def say(text: str) -> None:
    """Tell the person; results that a program reads go to stdout."""
    print(text, file=sys.stderr, flush=True)


def progress() -> Any:
    """A bar for long work, on stderr; its tasks take a ``note``."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[note]}"),
        TimeRemainingColumn(), console=Console(stderr=True), transient=False,
    )  # fmt: skip


def with_torch(module: str) -> Any:
    """Import a module that needs PyTorch, or another optional library. Raises OnionskinError without it."""
    import importlib

    with without_its_library("this command"):
        return importlib.import_module(module)


def can_open_a_browser() -> bool:
    """Whether there is a screen that a browser could open on."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
