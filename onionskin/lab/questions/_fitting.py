"""Small pictures as tensors, a plain loop that fits a network to them, and a last layer fitted to its end."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from onionskin import data
from onionskin.lab.questions._recorded import recorded


@dataclass(frozen=True)
class Small:
    """Pictures, (n, 1, h, w), and their classes, (n,): a part to train on and one held out."""

    train_x: Tensor
    train_y: Tensor
    test_x: Tensor
    test_y: Tensor


@cache
def small(name: str, most: int = 0, held_out: int = 0) -> Small:
    """Return a data set of small pictures.

    Args:
        name: ``digits``, ``mnist``, ``fashion_mnist`` …
        most, held_out: At most so many to train on and held out, the same ones every time; 0 for all.
    """
    found = data.load(name)
    parts = []
    for x, y, count in ((found.train_x, found.train_y, most), (found.test_x, found.test_y, held_out)):
        order = torch.randperm(len(y), generator=torch.Generator().manual_seed(0))[: count or len(y)].numpy()
        parts += [torch.from_numpy(x[order]), torch.from_numpy(y[order])]
    return Small(*parts)


def fit(
    model: nn.Module, x: Tensor, y: Tensor, *, steps: int, lr: float = 2e-3, batch: int = 64,
    weight_decay: float = 0.01, run: Path | None = None,
) -> None:  # fmt: skip
    """Train with AdamW, the rate falling to nothing along a cosine; batches are drawn from the global random stream.

    Args:
        model: Gives logits.
        x, y: What it learns from.
        steps: How many steps.
        lr: The rate that it begins with.
        batch: Examples a step.
        weight_decay: The share of each weight that is taken off, times the rate.
        run: Where to record it; None to record nothing.
    """
    model.train()
    moved = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(moved, lr, weight_decay=weight_decay)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    order = torch.randperm(len(y))
    place, batch = 0, min(batch, len(y))
    with recorded(run, model, optimizer, x[:8], y[:8]) as log:
        for _ in range(steps):
            if place + batch > len(order):
                order, place = torch.randperm(len(y)), 0
            rows = order[place : place + batch]
            place += batch
            optimizer.zero_grad()
            loss = functional.cross_entropy(model(x[rows]), y[rows])
            torch.autograd.backward(loss)
            optimizer.step()
            falling.step()
            log(loss)
    model.eval()


def logistic(x: Tensor, y: Tensor, classes: int, *, prior: float = 10.0) -> nn.Linear:
    """Return a layer that maximises the likelihood of classes, (n,), given features, (n, d); convex, so without chance.

    Args:
        x, y: Features and classes.
        classes: How many classes there are.
        prior: How small the weights of standardised features are believed to be: half their squares, so many times,
            are added to the loss of all examples.
    """
    layer = nn.Linear(x.shape[1], classes)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    mean, std = x.mean(0), x.std(0, correction=0) + 1e-3
    z = (x - mean) / std
    optimizer = torch.optim.LBFGS(layer.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        value: Tensor = functional.cross_entropy(layer(z), y) + prior / 2 * layer.weight.square().sum() / len(y)
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    with torch.no_grad():  # the standardisation becomes a part of the layer
        layer.weight.div_(std)
        layer.bias.sub_(layer.weight @ mean)
    return layer


def accuracy(model: nn.Module, x: Tensor, y: Tensor) -> float:
    """Return the share of right answers."""
    with torch.inference_mode():
        answers = torch.cat([model(part).argmax(1) for part in torch.split(x, 500)])
    return float((answers == y).float().mean())
