"""Small real trainings for the tests of the checks: recorded into a folder, read back, and asked what was noticed."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

import onionskin as osk
from onionskin import health, registry
from onionskin.health import Floats, History, Series, brief, history_of
from onionskin.recording import Note, TensorEntry
from onionskin.recording.manifest import STATISTICS

Rate = Callable[[int], float]

#: The 1,797 digits of 8 × 8 pixels are split here.
TRAIN = 1400


@cache
def digits() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return training images (n, 64) and classes (n,), and the same held out."""
    found = load_digits()
    order = np.random.default_rng(0).permutation(len(found.target))
    x = torch.from_numpy(found.data[order].astype(np.float32) / 16)
    y = torch.from_numpy(found.target[order])
    return x[:TRAIN], y[:TRAIN], x[TRAIN:], y[TRAIN:]


def mlp(*widths: int, activation: Callable[[], nn.Module] = nn.ReLU) -> nn.Sequential:
    """Return a multilayer perceptron: its layers are called 0, 1 (the activation), 2, 3, …"""
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise(widths):
        layers += [nn.Linear(before, after), activation()]
    return nn.Sequential(*layers[:-1])


def sgd(model: nn.Module, lr: float, **options: Any) -> torch.optim.SGD:
    """Return plain gradient descent over all parameters."""
    return torch.optim.SGD(model.parameters(), lr, **options)


@dataclass(frozen=True)
class Recorded:
    """A training that was recorded: its history read back from the disk, and the notes made while it ran."""

    history: History
    live: tuple[Note, ...]

    @property
    def notes(self) -> tuple[Note, ...]:
        """What all checks say of the finished run."""
        return health.check_all(self.history)

    def says(self, check: str) -> list[Note]:
        """Return what one check says, and assert that each of it is well said and was noticed live as well."""
        notes = list(registry.load(health, check).check(self.history))
        live = {(note.check, note.tensor) for note in self.live}
        for note in notes:
            assert_well_said(note, check)
            assert (note.check, note.tensor) in live
        assert len({note.tensor for note in notes}) == len(notes) <= 5
        return notes

    def assert_silent(self, *checks: str) -> None:
        """Assert that some checks, by default all, noticed nothing: not at the end, and not at any moment before."""
        for note in (*self.live, *self.notes):
            assert note.check not in (checks or (note.check,)), note.sentence


def assert_well_said(note: Note, check: str) -> None:
    """Assert that a note is one plain sentence with the tensor, the moment and the number."""
    assert note.check == check
    assert_one_sentence(note.sentence)
    assert note.tensor.partition("/")[2] in note.sentence or note.tensor in note.sentence, note
    assert f"{note.step:,}" in note.sentence or "the start" in note.sentence, note
    assert brief(note.value) in note.sentence, note


def assert_one_sentence(sentence: str) -> None:
    """Assert that there is one sentence, with its full stop."""
    assert sentence.endswith("."), sentence
    assert "\n" not in sentence
    assert not re.search(r"[.!?] [A-Z]", sentence), sentence


def record(
    path: Path,
    model: nn.Module | Mapping[str, nn.Module],
    optimizer: torch.optim.Optimizer | Sequence[torch.optim.Optimizer],
    steps: Iterator[dict[str, Tensor]],
    *,
    probes: Any,
    every: int | None = None,
) -> Recorded:
    """Record a training: ``steps`` makes one step at a time and yields what is logged after it."""
    with osk.watch(model, optimizer, probes=probes, run=path, budget=1, every=every) as run:
        for logged in steps:
            run.log(**logged)
    opened = osk.open_run(path)
    return Recorded(history_of(opened), opened.health)


def classify(
    path: Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    *,
    steps: int,
    examples: int = TRAIN,
    batch: int = 32,
    rate: Rate | None = None,
    look_every: int | None = None,
    every: int | None = None,
    shape: tuple[int, ...] = (64,),
    seed: int = 0,
) -> Recorded:
    """Record the training of a classifier of digits.

    Args:
        examples: How many of the training images it sees.
        rate: The learning rate's factor at each step.
        look_every: Log the held-out loss each so many steps.
        shape: The shape of one image.
    """
    x, y, held_out_x, held_out_y = digits()
    x, held_out_x = x.view(-1, *shape), held_out_x.view(-1, *shape)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate or (lambda step: 1.0))
    torch.manual_seed(seed)

    def train() -> Iterator[dict[str, Tensor]]:
        for step in range(steps):
            rows = torch.randint(0, examples, (batch,))
            loss = cross_entropy(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            logged = {"loss": loss.detach()}
            if look_every and step % look_every == 0:
                model.eval()
                with torch.no_grad():
                    logged["val_loss"] = cross_entropy(model(held_out_x), held_out_y)
                model.train()
            yield logged

    return record(path, model, optimizer, train(), probes=x[:16], every=every)


def made_up(
    tensors: Sequence[TensorEntry],
    statistics: Mapping[tuple[str, str], Floats],
    frames: int = 40,
    scalars: dict[str, Series] | None = None,
) -> History:
    """Return a history by hand, for what no training shows in seconds: values by key and statistic, NaN elsewhere."""
    table = np.full((frames, len(tensors), len(STATISTICS)), np.nan, np.float32)
    keys = [tensor.key for tensor in tensors]
    for (key, statistic), values in statistics.items():
        table[:, keys.index(key), STATISTICS.index(statistic)] = values
    return History(np.arange(frames), np.arange(frames), tensors, table, scalars or {})


def tensor(name: str, role: str, *shape: int) -> TensorEntry:
    """Return a tensor that is kept and measured whole."""
    size = int(np.prod(shape))
    return TensorEntry(name, role, shape, "float32", (1,) * len(shape), 0, size, module=name.rpartition(".")[0])
