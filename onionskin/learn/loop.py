"""The training loop, on one screen and with nothing hidden. It is what the peel writes at its level ``loop``.

Mixed precision, gradient accumulation, early stopping, keeping the best weights and measuring are events on it
(``events.py``): none of them changes what stands here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from onionskin.learn.events import Event, Events

#: What a model is called with, and what its outputs are compared with.
Batch = tuple[tuple[Tensor, ...], Any]


@dataclass
class Place:
    """Where a training is: so many epochs, batches of the next one and optimizer steps are over."""

    epoch: int = 0
    batch: int = 0
    step: int = 0


def fit(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    batches: Callable[[int, int], Iterator[Batch]],
    loss_fn: Callable[[Any, Any], Tensor],
    *,
    epochs: int,
    place: Place,
    events: Sequence[Event] = (),
) -> Iterator[float]:
    """Train, and yield the loss after every batch.

    Args:
        model: Called with the inputs of a batch.
        optimizer, schedule: Over the model's parameters; the schedule moves with every step.
        batches: Called with the number of an epoch and of the first batch in it that is wanted.
        loss_fn: Called with outputs and targets; gives the mean over the batch.
        epochs: How often to go through the training data.
        place: Where to begin; it moves along.
        events: What else is to happen.
    """
    on = Events(events)
    while place.epoch < epochs and not on.is_over():
        model.train()
        for inputs, target in batches(place.epoch, place.batch):
            with on.forward():
                loss = loss_fn(model(*inputs), target)
            on.scaled(loss).backward()  # type: ignore[no-untyped-call]
            place.batch += 1
            if on.is_step(place.batch):
                optimizer.step()
                optimizer.zero_grad()
                schedule.step()
                place.step += 1
                on.stepped(loss)
            yield loss.item()
        place.epoch, place.batch = place.epoch + 1, 0
        on.epoch_ended(place.epoch)
