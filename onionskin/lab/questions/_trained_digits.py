"""Small networks that learn, such as to read MNIST's digits: within seconds, and the same every time."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from onionskin import data
from onionskin.lab.questions._recorded import recorded
from onionskin.lab.trial import run_folder

#: Pictures a step.
_BATCH: Final = 50


@cache
def digits() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return 4,000 digits to learn from and 1,000 held out: pictures (n, 1, 28, 28) and classes (n,) of each."""
    found = data.load("mnist")
    arrays = (found.train_x, found.train_y, found.test_x, found.test_y)
    x, y, test_x, test_y = (torch.from_numpy(array) for array in arrays)
    return x, y, test_x, test_y


def trained(build: Callable[[], nn.Module], epochs: int, examples: int = 4000) -> nn.Module:
    """Return a network that has learned the digits, in evaluation mode.

    Args:
        build: Makes it; random weights are drawn from a seed of their own.
        epochs: How often it sees each.
        examples: So many digits are enough.
    """
    x, y, _, _ = digits()
    return learned(build, x[:examples], y[:examples], epochs)


def learned(build: Callable[[], nn.Module], x: Tensor, y: Tensor, epochs: int, rate: float = 3e-3) -> nn.Module:
    """Return a network that has learned some inputs' classes, in evaluation mode. A trial records it.

    Args:
        build: Makes it; random weights are drawn from a seed of their own.
        x: Inputs, (n, …).
        y: Classes, (n,).
        epochs: How often it sees each.
        rate: Adam's learning rate at its highest; it rises and falls in one cycle.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = build().train()
        steps = epochs * (len(x) // _BATCH)
        optimizer = torch.optim.Adam(model.parameters(), lr=rate)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
        with recorded(run_folder(), model, optimizer, x[:8], y[:8]) as log:
            for _ in range(epochs):
                for rows in torch.split(torch.randperm(len(x)), _BATCH):
                    optimizer.zero_grad()
                    loss = functional.cross_entropy(model(x[rows]), y[rows])
                    torch.autograd.backward(loss)
                    optimizer.step()
                    schedule.step()
                    log(loss)
    return model.eval()
