"""A lesson: a network, a number of steps with Adam, and a learning rate that is warmed up and then falls to zero."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from onionskin.lab.questions._recorded import recorded

#: Takes a batch and its classes; gives what is trained on, and probabilities of the classes, (n, classes), or classes.
Change = Callable[[Tensor, Tensor, torch.Generator], tuple[Tensor, Tensor]]

#: The share of the steps in which the rate rises from zero: without it, a large rate may kill units for good.
WARM_UP = 0.05


def lesson(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    *,
    steps: int,
    rate: float,
    batch: int = 32,
    seed: int = 0,
    change: Change | None = None,
    smoothing: float = 0.0,
    look: Callable[[int], None] | None = None,
    run: Path | None = None,
) -> nn.Module:
    """Train a classifier, and return it in eval mode.

    Args:
        model: Gives logits, (n, classes).
        x, y: Examples and their classes.
        steps, rate, batch: How long, how fast, and from how many examples at a time, in an order anew each epoch.
        seed: Of the order and of the changes.
        change: What is done to every batch.
        smoothing: Label smoothing.
        look: Called after every step, with its number, in eval mode without gradients.
        run: Where to record, the eight first examples being the probes; None for no recording.
    """
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate, fused=True)
    warm_up = max(1, round(WARM_UP * steps))
    model.train()
    order: list[Tensor] = []
    with recorded(run, model, optimizer, x[:8], y[:8]) as log:
        for step in range(steps):
            if not order:
                order = list(torch.split(torch.randperm(len(x), generator=generator), min(batch, len(x))))
                order = [part for part in order if len(part) == min(batch, len(x))]
            rows = order.pop()
            given, wanted = x[rows], y[rows]
            if change is not None:
                given, wanted = change(given, wanted, generator)
            for group in optimizer.param_groups:
                group["lr"] = rate * min(1.0, (step + 1) / warm_up) * (1 - step / steps)
            loss = cross_entropy(model(given), wanted, label_smoothing=smoothing)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # PyTorch's own
            optimizer.step()
            log(loss)
            if look is not None:
                model.eval()
                with torch.no_grad():
                    look(step + 1)
                model.train()
    return model.eval()


@torch.no_grad()
def logits(model: nn.Module, x: Tensor) -> Tensor:
    """Return what a model says, 1,000 examples at a time."""
    return torch.cat([model(part) for part in torch.split(x, 1000)])


def accuracy(model: nn.Module, x: Tensor, y: Tensor) -> float:
    """Return the share of examples that a model in eval mode gets right; NaN of none."""
    return float((logits(model, x).argmax(1) == y).float().mean()) if len(x) else math.nan
