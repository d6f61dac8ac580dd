"""Trains an image classifier on a data set that is at hand, and records it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from onionskin import data, models, registry
from onionskin.data import Images
from onionskin.errors import OnionskinError, did_you_mean
from onionskin.learn.loop import Progress, evaluate, fit
from onionskin.watch import Recorder, watch


@dataclass(frozen=True)
class Recipe:
    """What a data set is trained with: an architecture, and how long, in what portions, how fast."""

    model: str
    epochs: int
    batch: int
    lr: float
    weight_decay: float = 5e-4


#: Learning rates are exact in binary. Chosen over seeds 0 to 2: MNIST reaches 97.8 to 98.1 %, digits 98.6 to 98.9 %.
RECIPES = {
    "digits": Recipe(model="mlp", epochs=60, batch=32, lr=0.0625),
    "mnist": Recipe(model="lenet", epochs=40, batch=32, lr=0.03125),
}


@dataclass(frozen=True)
class Result:
    """How a training ended: where it was recorded, accuracy on the held-out fifth (0 to 1), steps and seconds."""

    run: Path
    accuracy: float
    steps: int
    seconds: float


class Training:
    """One training that is about to run. ``for progress in training: …``, then ``training.result``.

    Args:
        name: One of :data:`RECIPES`.
        run: The run folder to make; a number is added if it exists.
        seed: The same seed gives the same numbers.
        budget: The share of wall time that recording may take.

    Raises:
        OnionskinError: There is no such data set here, or the run folder cannot be made.
    """

    def __init__(self, name: str, *, run: Path, seed: int = 0, budget: float = 0.1) -> None:
        if name not in RECIPES:
            fix = did_you_mean(name, RECIPES, otherwise=f"choose one of: {', '.join(RECIPES)}")
            raise OnionskinError(f"there is nothing called '{name}' to train", fix=fix)
        self._recipe = RECIPES[name]
        images: Images = registry.load(data, name).load()
        self.images = images
        torch.set_num_threads(1)  # networks this small run no faster on two, and the second core draws the page
        torch.manual_seed(seed)
        self._train = torch.from_numpy(images.train_x), torch.from_numpy(images.train_y)
        self._held_out = torch.from_numpy(images.test_x), torch.from_numpy(images.test_y)
        self.model = registry.load(models, self._recipe.model).build()
        self._optimizer = torch.optim.SGD(
            self.model.parameters(), self._recipe.lr, momentum=0.9, weight_decay=self._recipe.weight_decay
        )
        x, labels = one_of_each(*self._held_out)
        self.recorder: Recorder = watch(
            self.model, self._optimizer, probes=x, labels=labels, classes=images.classes, run=run, budget=budget
        )
        self._result: Result | None = None

    def __iter__(self) -> Iterator[Progress]:
        began, steps = time.perf_counter(), 0
        recipe = self._recipe
        total = recipe.epochs * (len(self._train[0]) // recipe.batch)
        schedule = torch.optim.lr_scheduler.LinearLR(self._optimizer, 1.0, 1 / 64, total_iters=total)
        options = {"epochs": recipe.epochs, "batch": recipe.batch}
        with self.recorder as run:
            for progress in fit(self.model, self._optimizer, schedule, self._train, self._held_out, run=run, **options):
                steps = progress.step
                yield progress
        accuracy, _ = evaluate(self.model, *self._held_out)
        self._result = Result(self.recorder.path, accuracy, steps, time.perf_counter() - began)

    @property
    def result(self) -> Result:
        """How it ended. Raises RuntimeError before that."""
        if self._result is None:
            raise RuntimeError("the training has not ended")
        return self._result


def one_of_each(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return the first example of each class, in the order of the classes: (classes, …) and (classes,)."""
    firsts = torch.stack([(y == label).nonzero()[0, 0] for label in torch.unique(y)])
    return x[firsts], y[firsts]
