"""The training loop, on one screen and with nothing hidden."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from onionskin.watch import Recorder


@dataclass(frozen=True)
class Progress:
    """Where a training is: the step of so many, its loss, and the accuracy on held-out data (0 to 1) so far."""

    step: int
    steps: int
    loss: float
    accuracy: float


def fit(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    train: tuple[Tensor, Tensor],
    held_out: tuple[Tensor, Tensor],
    *,
    epochs: int,
    batch: int,
    run: Recorder | None = None,
) -> Iterator[Progress]:
    """Train a classifier, and yield after every step.

    Args:
        model: Gives logits, (n, classes).
        optimizer, schedule: Over the model's parameters; the schedule moves every step.
        train, held_out: Inputs (n, …) and class numbers (n,).
        epochs: How often to go through the training data.
        batch: Examples a step; what does not fill the last batch of an epoch waits for another one.
        run: Records the losses, where the training is watched.
    """
    x, y = train
    steps, step = epochs * (len(x) // batch), 0
    accuracy, loss_held_out = evaluate(model, *held_out)
    if run:
        run.log(accuracy=accuracy, val_loss=loss_held_out)
    for _ in range(epochs):
        for rows in torch.randperm(len(x))[: len(x) // batch * batch].view(-1, batch):
            loss = cross_entropy(model(x[rows]), y[rows])
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            optimizer.zero_grad()
            schedule.step()
            step += 1
            if run:
                run.log(loss=loss)
            yield Progress(step, steps, loss.item(), accuracy)
        accuracy, loss_held_out = evaluate(model, *held_out)
        if run:
            run.log(accuracy=accuracy, val_loss=loss_held_out)


@torch.no_grad()
def evaluate(model: nn.Module, x: Tensor, y: Tensor) -> tuple[float, float]:
    """Return accuracy (0 to 1) and mean loss on held-out data."""
    was_training = model.training
    model.eval()
    logits = model(x)
    model.train(was_training)
    return (logits.argmax(1) == y).float().mean().item(), cross_entropy(logits, y).item()
