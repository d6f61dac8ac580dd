"""Transfer between small pictures: a convolutional network that learned one kind is taken over to another."""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from onionskin.lab.questions._fitting import Small, accuracy, fit, logistic, small
from onionskin.lab.trial import run_folder
from onionskin.models import convnet

#: By task: how wide the network is, and how many steps it learned the first kind of pictures.
_WIDTHS: Final = {"digits 0-4 → 5-9": 8, "MNIST → Fashion": 16}
_STEPS: Final = {"digits 0-4 → 5-9": 120, "MNIST → Fashion": 400}

#: From so many examples on a network is trained twice as long.
MANY: Final = 1000

WAYS: Final = ("from scratch", "frozen", "cached features", "fine-tuned")


@dataclass(frozen=True)
class Task:
    """What is learned first, and what then."""

    first: Small
    then: Small


@cache
def task(name: str) -> Task:
    """Return a task's pictures."""
    if name == "MNIST → Fashion":
        return Task(small("mnist"), small("fashion_mnist", 4000, 1000))
    digits = small("digits")
    return Task(_of_classes(digits, 0), _of_classes(digits, 5))


def _of_classes(digits: Small, first: int) -> Small:
    """Return five classes of ten, from one on, renumbered from 0."""
    train, test = ((y >= first) & (y < first + 5) for y in (digits.train_y, digits.test_y))
    return Small(digits.train_x[train], digits.train_y[train] - first, digits.test_x[test], digits.test_y[test] - first)


def balanced(y: Tensor, each: int, seed: int) -> Tensor:
    """Return the rows of so many examples of each class, 0 for all; fewer ones are among more of the same seed."""
    order = torch.from_numpy(np.random.default_rng(seed).permutation(len(y)))
    if not each:
        return order
    parts = [order[y[order] == label][:each] for label in range(int(y.max()) + 1)]
    return torch.cat(parts)


def measured(name: str, way: str, each: int, steps: int, seed: int) -> dict[str, float]:
    """Return accuracy and the processor's seconds of learning the second kind in so many steps."""
    then = task(name).then
    rows = balanced(then.train_y, each, seed)
    x, y = then.train_x[rows], then.train_y[rows]
    first = None if way == "from scratch" else pretrained(name, seed)
    torch.manual_seed(seed)
    began = time.thread_time()
    model = _learned(name, way, x, y, steps, first)
    seconds = time.thread_time() - began
    return {"accuracy": accuracy(model, then.test_x, then.test_y), "seconds": seconds, "examples": len(rows)}


def _learned(name: str, way: str, x: Tensor, y: Tensor, steps: int, first: convnet.ConvNet | None) -> nn.Module:
    classes = int(y.max()) + 1
    model = _network(name, classes) if first is None else copy.deepcopy(first)
    model.fc = nn.Linear(model.fc.in_features, classes)
    if way == "cached features":
        model.fc = nn.Linear(1, 1)  # is put in below
        body = _body(model.eval())
        with torch.no_grad():
            seen = torch.cat([body(part) for part in torch.split(x, 256)])
        return nn.Sequential(body, logistic(seen, y, classes)).eval()
    if way == "frozen":
        head = model.fc
        body = _Frozen(_body(model.eval()))
        whole = nn.Sequential(body, head)
        fit(whole, x, y, steps=steps, lr=2e-2)
        return whole
    fit(model, x, y, steps=steps * (2 if len(y) >= MANY else 1), lr=4e-3)
    return model


class _Frozen(nn.Module):
    """A body whose weights and averages stay as they are."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        self.body.eval()
        with torch.no_grad():
            seen: Tensor = self.body(x)
        return seen


def _body(model: convnet.ConvNet) -> nn.Module:
    """Return a network up to its features."""
    body = copy.deepcopy(model)
    setattr(body, "fc", nn.Identity())  # noqa: B010 - an attribute of another type than it is declared with
    return body


def _network(name: str, classes: int) -> convnet.ConvNet:
    return convnet.build(classes=classes, width=_WIDTHS[name])


@cache
def pretrained(name: str, seed: int) -> convnet.ConvNet:
    """Return a network that learned the first kind of pictures."""
    first = task(name).first
    torch.manual_seed(seed)
    model = _network(name, int(first.train_y.max()) + 1)
    run = run_folder("first") if seed == 0 else None  # what is timed afterwards is not recorded: that would cost time
    fit(model, first.train_x, first.train_y, steps=_STEPS[name], lr=4e-3, run=run)
    return model
