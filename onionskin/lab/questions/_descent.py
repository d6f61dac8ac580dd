"""Plain gradient descent, and what it reached: the ten lines that most questions train with."""

from __future__ import annotations

import math
from pathlib import Path

import torch
from torch import Tensor, nn

from onionskin.lab.questions._recorded import recorded


def descend(
    model: nn.Module, x: Tensor, y: Tensor, *, steps: int, rate: float, batch: int = 64, momentum: float = 0.9,
    adam: bool = False, run: Path | None = None, every: int | None = None,
) -> float:  # fmt: skip
    """Train with SGD (or Adam) on the cross-entropy, on batches drawn with replacement.

    Args:
        model: Gives logits, (n, classes).
        x, y: What to train on: (n, …) and (n,).
        steps, rate, batch, momentum: Of the descent.
        adam: Whether Adam takes the steps; it has no use for ``momentum``.
        run: Where to record it; None to record nothing. A recorded training takes the same steps as any other.
        every: Steps between frames of the run; by default as the recorder sees fit.

    Returns:
        The mean loss of the last tenth of the steps; infinite where it stopped being a number.
    """
    optimizer: torch.optim.Optimizer = (
        torch.optim.Adam(model.parameters(), lr=rate)
        if adam
        else torch.optim.SGD(model.parameters(), lr=rate, momentum=momentum)
    )
    last: list[float] = []
    with recorded(run, model, optimizer, x[:64], y[:64], every=every, budget=1) as log:
        for step in range(steps):
            rows = torch.randint(len(x), (batch,))
            loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # it has no types
            optimizer.step()
            log(loss)
            if step >= steps - max(1, steps // 10):
                last.append(loss.item())
    mean = sum(last) / len(last)
    return mean if math.isfinite(mean) else math.inf


@torch.no_grad()
def accuracy(model: nn.Module, x: Tensor, y: Tensor) -> float:
    """Return the share of right answers, in eval mode; what is not a number is a wrong answer."""
    was = model.training
    logits = model.eval()(x)
    model.train(was)
    right = (logits.argmax(1) == y) & logits.isfinite().all(1)
    return float(right.float().mean())
