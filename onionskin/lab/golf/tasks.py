"""What golf is played on: tasks, each with a fixed test set, how outputs are read, and how well is well enough.

The test sets never change. Where data is split, the test part is never to be trained on; the board cannot see whether
somebody did, only that the threshold holds on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from onionskin import data
from onionskin.errors import OnionskinError, did_you_mean


@dataclass(frozen=True)
class Task:
    """A task.

    Attributes:
        name: As an entry's file names it.
        title: What is to be done.
        threshold: The share of right answers from which it is done.
        tests: Which test set.
        load: Gives the test set: inputs (n, …) or n texts, and the right answers (n,) or (n, bits).
        read: Makes answers of outputs.
    """

    name: str
    title: str
    threshold: float
    tests: str
    load: Callable[[], tuple[Any, Tensor]]
    read: Callable[[Tensor], Tensor]

    def score(self, outputs: Tensor) -> float:
        """Return the share of right answers; what is not finite is wrong. Raises OnionskinError for another shape."""
        _, y = test_set(self.name)
        answers = self.read(outputs)
        if answers.shape != y.shape:
            wanted = f"for {len(y)} examples they are read as {tuple(y.shape)}: {self.tests}"
            raise OnionskinError(f"'{self.name}' has outputs of shape {tuple(outputs.shape)}", fix=wanted)
        right = (answers == y).reshape(len(y), -1).all(1) & outputs.isfinite().reshape(len(y), -1).all(1)
        return float(right.double().mean())


def one_bit(outputs: Tensor) -> Tensor:
    """A single output above 0 is a yes; of two, the larger."""
    return (outputs[:, 0] > 0).long() if outputs.shape[-1] == 1 else outputs.argmax(-1)


def one_class(outputs: Tensor) -> Tensor:
    """The largest output; a single one is read as the nearest whole number."""
    return outputs[:, 0].round().clamp(-1e6, 1e6).long() if outputs.shape[-1] == 1 else outputs.argmax(-1)


def bits(outputs: Tensor) -> Tensor:
    """Each output above 0 is a 1."""
    return (outputs.flatten(1) > 0).long()


def _xor() -> tuple[Tensor, Tensor]:
    x = _all_bits(2)
    return x, x.sum(1).long() % 2


def _parity() -> tuple[Tensor, Tensor]:
    x = _all_bits(8)
    return x[:, :, None], x.sum(1).long() % 2


def _adder() -> tuple[Tensor, Tensor]:
    """Both numbers bit by bit from the lowest, with a ninth step of zeros for the carry: (65,536, 9, 2)."""
    number = torch.arange(256)
    a, b = number.repeat_interleave(256), number.repeat(256)
    place = torch.arange(9)
    x = torch.stack([(n[:, None] >> place) & 1 for n in (a, b)], 2).float()
    return x, ((a + b)[:, None] >> place) & 1


def _all_bits(count: int) -> Tensor:
    return ((torch.arange(2**count)[:, None] >> torch.arange(count)) & 1).float()


def iris() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return x, y to train on and x, y of the test: halves of 75, by a permutation of seed 0."""
    table = data.load("iris")
    frame = table.frame
    x = torch.tensor(frame.drop(columns=table.target).to_numpy(np.float32))
    names = sorted(set(frame[table.target]))
    y = torch.tensor([names.index(value) for value in frame[table.target]])
    order = torch.from_numpy(np.random.default_rng(0).permutation(len(x)))
    return x[order[75:]], y[order[75:]], x[order[:75]], y[order[:75]]


def spam() -> tuple[list[str], Tensor, list[str], Tensor]:
    """Return texts, y to train on and texts, y of the test: a fifth, by a permutation of seed 0; 1 is spam."""
    mails = data.load("spam")
    order = np.random.default_rng(0).permutation(len(mails.texts))
    held_out, kept = order[: len(order) // 5], order[len(order) // 5 :]
    y = torch.from_numpy(mails.labels)
    return [mails.texts[i] for i in kept], y[kept], [mails.texts[i] for i in held_out], y[held_out]


def _images(name: str) -> Callable[[], tuple[Tensor, Tensor]]:
    def load() -> tuple[Tensor, Tensor]:
        images = data.load(name)
        return torch.from_numpy(images.test_x), torch.from_numpy(images.test_y)

    return load


_FIFTH: Final = "the fifth that onionskin.data holds out"
_PAIRS: Final = "all 65,536 pairs, lowest bits first and a step of zeros, (65536, 9, 2); nine outputs, above 0 for a 1"
_TASKS: Final = (
    Task("xor", "exclusive or of two bits", 1.0, "all 4 pairs, (4, 2)", _xor, one_bit),
    Task("parity", "parity of 8 bits", 1.0, "all 256, (256, 8, 1)", _parity, one_bit),
    Task("adder", "the sum of two numbers of 8 bits", 1.0, _PAIRS, _adder, bits),
    Task(
        "iris", "three kinds of iris by four lengths", 0.95, "half, by numpy's default_rng(0).permutation(150): 75",
        lambda: iris()[2:], one_class,
    ),
    Task("digits", "scanned digits of 8 × 8 pixels", 0.95, f"{_FIFTH}: 359", _images("digits"), one_class),
    Task("mnist-95", "digits of MNIST, 28 × 28 pixels", 0.95, _FIFTH + " of 5,000: 1,000", _images("mnist"), one_class),
    Task("mnist-98", "digits of MNIST, 28 × 28 pixels", 0.98, _FIFTH + " of 5,000: 1,000", _images("mnist"), one_class),
    Task(
        "spam", "wanted or unwanted mail", 0.95, "a fifth, by numpy's default_rng(0).permutation(5932): 1,186",
        lambda: spam()[2:], one_bit,
    ),
)  # fmt: skip
TASKS: Final[Mapping[str, Task]] = {task.name: task for task in _TASKS}


def task(name: str) -> Task:
    """Return a task. Raises OnionskinError where there is none of that name."""
    if name not in TASKS:
        fix = did_you_mean(name, TASKS, otherwise=f"choose one of: {', '.join(TASKS)}")
        raise OnionskinError(f"golf has no task '{name[:40]}'", fix=fix)
    return TASKS[name]


@cache
def test_set(name: str) -> tuple[Any, Tensor]:
    """Return the inputs and the right answers of a task. Raises OnionskinError where data cannot be fetched."""
    return task(name).load()
