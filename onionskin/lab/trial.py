"""One trial: an arm measured once, here or on another machine, with the time it took and the company it had."""

from __future__ import annotations

import random
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from onionskin.lab import question as questions
from onionskin.lab.machine import BUSY_CORES, Machine, Neighbours, machine
from onionskin.lab.question import Arm, Question, Skip
from onionskin.lab.records import Trial, now

#: The number of threads that a question's trials have, unless it says otherwise: for small nets one is the fastest.
THREADS = 1


@dataclass
class _Place:
    """Where the trial that is carried out may record runs, and which it did."""

    folder: Path
    begins: str
    runs: list[str] = field(default_factory=list)


_PLACE: ContextVar[_Place | None] = ContextVar("place", default=None)


def run_folder(name: str = "") -> Path | None:
    """Return where the trial that is being carried out may record a run: ``osk.watch(…, run=run_folder())``.

    The answer's page links to it. What a killed trial had begun there is removed.

    Args:
        name: Where a trial records more than one, which.

    Returns:
        A path that does not exist yet; None where ``measure`` is called by itself, outside the lab.
    """
    place = _PLACE.get()
    if place is None:
        return None
    inside = f"{place.begins}-{_plain(name)}" if name else place.begins
    place.runs.append(inside)
    path = place.folder / inside
    shutil.rmtree(path, ignore_errors=True)
    return path


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-")


@dataclass(frozen=True)
class Task:
    """A trial that is to be carried out, in words that travel.

    Attributes:
        question: Its name.
        arm, seed: What is measured.
        folder: The lab's folder, for recorded runs.
        is_warm: Whether the arm was measured in this process before; otherwise it is measured once for nothing.
    """

    question: str
    arm: Arm
    seed: int
    folder: str
    is_warm: bool = True


@dataclass(frozen=True)
class Outcome:
    """A trial that is over, or why there is none."""

    trial: Trial | None
    machine: Machine
    reason: str = ""


def carry_out(task: Task, question: Question | None = None, neighbours: Neighbours | None = None) -> Outcome:
    """Measure an arm once.

    Args:
        task: What to do.
        question: Where it is read already.
        neighbours: Who watches the machine; one is made where none is given.

    Raises:
        OnionskinError: The question's file is wrong.
    """
    question = question or questions.load(task.question)
    here, beside = machine(), neighbours or Neighbours()
    if task.arm.missing:
        return Outcome(None, here, task.arm.missing)
    try:
        with _place(task) as place, threads(getattr(question.module, "THREADS", THREADS)):
            if not task.is_warm:
                _warm(question, task)
            _same_numbers(task.seed)
            started, began, cpu = now(), time.perf_counter(), time.process_time()
            beside.sample()
            numbers = question.measure(task.arm, task.seed)
            wall, used, others = time.perf_counter() - began, time.process_time() - cpu, beside.since(began)
    except Skip as skip:
        return Outcome(None, here, str(skip))
    trial = Trial(task.arm.name, task.seed, here.key, started, wall, used, others, others > BUSY_CORES, numbers,
                  tuple(place.runs))  # fmt: skip
    return Outcome(trial, here)


def _warm(question: Question, task: Task) -> None:
    """Let the question load what its trials share, so that the first one is not the slowest."""
    warm: Any = getattr(question.module, "warm", None)
    if warm is not None:
        _same_numbers(task.seed)
        warm(task.arm)


@contextmanager
def _place(task: Task) -> Iterator[_Place]:
    place = _Place(Path(task.folder), f"runs/{task.question}/{_plain(task.arm.name)}-{task.seed}")
    token = _PLACE.set(place)
    try:
        yield place
    finally:
        _PLACE.reset(token)


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Let PyTorch have so many threads for a while."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _same_numbers(seed: int) -> None:
    """Begin every random stream anew: a trial gives the same wherever and after whatever it is carried out."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
