"""A trial's training, recorded where the trial has a place for a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

import onionskin as osk


@contextmanager
def recorded(
    run: Path | None, model: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor, *,
    every: int | None = None, budget: float = 0.02,
) -> Iterator[Callable[[Tensor], None]]:  # fmt: skip
    """Record a training meanwhile, which takes the same steps as any other; yield what is told each step's loss.

    Args:
        run: Where to; None records nothing.
        model, optimizer: What is trained, and by what.
        x, y: The examples that are looked at in every frame, (n, …), and their classes, (n,).
        every: Steps between frames; by default as the recorder sees fit.
        budget: The share of the training's time that recording may take.
    """
    if run is None:
        yield lambda loss: None
        return
    with osk.watch(model, optimizer, probes=x, labels=y, run=run, every=every, budget=budget) as recorder:
        yield lambda loss: recorder.log(loss=loss)
