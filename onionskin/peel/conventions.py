"""What must be agreed on for two programs to train alike: a table, each row with the mistake that parts the curves.

Two programs can both be right by the textbook and still part, for the textbook leaves these open. A row holds a small
training and, as code, the other reading of the textbook. It is put in the place of the operation's own function, the
NumPy level is written with it, and the first number that differs is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from rich.console import Console
from torch import Tensor, nn

from onionskin.peel import misreadings
from onionskin.peel.compare import Agreement, compare
from onionskin.peel.plan import Plan, plan
from onionskin.peel.rule import rule

_Module = TypeVar("_Module", bound=nn.Module)

#: How many steps are compared.
STEPS = 20


@dataclass(frozen=True)
class Convention:
    """One thing that must be agreed on.

    Attributes:
        name: What it is about.
        agreed: What all levels do, as PyTorch does.
        otherwise: The other reading.
        because: Why it matters, in a sentence or two.
        training: Makes a small training in which it matters.
        op: The operation whose function is exchanged.
        function: Which of its functions.
        broken: The other reading, as code.
    """

    name: str
    agreed: str
    otherwise: str
    because: str
    training: Callable[[], Plan]
    op: str
    function: str
    broken: Callable[..., Any]


@dataclass(frozen=True)
class Shown:
    """A convention with what was measured: how far the levels are when it is kept, and when it is broken."""

    name: str
    agreed: str
    otherwise: str
    because: str
    kept_gap: float
    broken_gap: float
    first: str


def measure(convention: Convention) -> tuple[Agreement, Agreement]:
    """Return how the NumPy level agrees with the model when a convention is kept, and when it is broken."""
    kept = _run(convention.training())
    with _exchanged(convention):
        broken = _run(convention.training())
    return kept, broken


def _run(made: Plan) -> Agreement:
    found: list[Agreement] = []
    for so_far in compare(made, steps=STEPS, only=("numpy",)):
        found = so_far
    return found[0]


@contextmanager
def _exchanged(convention: Convention) -> Iterator[None]:
    """Put the other reading in the place of an operation's function while the ``with`` lasts."""
    source = rule(convention.op).source
    own = getattr(source, convention.function)
    setattr(source, convention.function, convention.broken)
    try:
        yield
    finally:
        setattr(source, convention.function, own)


def shown() -> list[Shown]:
    """Measure every convention: about three seconds."""
    rows = []
    for each in CONVENTIONS:
        kept, broken = measure(each)
        gap, broken_gap = (max(run.loss_gap, run.tensor_gap) for run in (kept, broken))
        rows.append(Shown(each.name, each.agreed, each.otherwise, each.because, gap, broken_gap, broken.first))
    return rows


def tell(rows: list[Shown], console: Console) -> None:
    """Print the conventions as a lesson."""
    for row in rows:
        console.print(f"[bold]{row.name}[/bold]")
        console.print(f"  agreed     {row.agreed}", highlight=False)
        console.print(f"  otherwise  {row.otherwise}", highlight=False)
        measured = f"gap after {STEPS} steps {row.kept_gap:.0e}; otherwise {row.broken_gap:.0e}, first {row.first}"
        console.print(f"  [dim]measured   {measured}[/dim]", highlight=False)
        console.print(f"  {row.because}\n", highlight=False)


# ------------------------------------------------------------------ the trainings


def _rows(n: int, width: int, classes: int) -> tuple[Tensor, Tensor]:
    rng = np.random.default_rng(0)
    return torch.from_numpy(rng.standard_normal((n, width))), torch.from_numpy(rng.integers(0, classes, n))


def _seeded(build: Callable[[], _Module]) -> _Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build()


def _dense(*middle: nn.Module, width: int = 6, optimizer: str = "sgd:lr=0.125", blank: bool = False) -> Plan:
    """A network of two linear layers with something between them."""
    x, y = _rows(8, width, 3)
    first = _seeded(lambda: nn.Linear(width, 6))
    model = _seeded(lambda: nn.Sequential(first, *middle, nn.Linear(6, 3)))
    if blank:
        x[:3] = 0  # examples without ink, and a bias that begins at 0: what comes to the ReLU is exactly 0
        nn.init.zeros_(first.bias)
    return plan(model, (x, y), optimizer=optimizer, name="lesson")


def _adam() -> Plan:
    return _dense(nn.Tanh(), optimizer="adam:lr=0.0078125")


def _noisy() -> Plan:
    return plan(_seeded(_Noisy), _rows(8, 6, 3), name="lesson")


def _square() -> Plan:
    """Two square layers: a matrix that lies the wrong way still fits."""
    x, y = _rows(8, 6, 6)
    model = _seeded(lambda: nn.Sequential(nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 6)))
    return plan(model, (x, y), name="lesson")


def _blank_images() -> Plan:
    """Images with blank parts under a max pooling: many values are equal."""
    rng = np.random.default_rng(0)
    images = torch.from_numpy(rng.standard_normal((6, 1, 6, 6))).clamp(min=0.5)
    model = _seeded(lambda: nn.Sequential(nn.Conv2d(1, 2, 1), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(18, 3)))
    return plan(model, (images, torch.arange(6) % 3), name="lesson")


class _Noisy(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.drop, self.fc2 = nn.Linear(6, 6), nn.Dropout(0.5), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.fc2(self.drop(self.fc1(x)))
        return out


CONVENTIONS = (
    Convention("the slope of a ReLU at 0", "relu'(0) = 0", "relu'(0) = 1/2",
               "A blank pixel, or a unit that starts at 0, sits exactly on the corner: every batch of digits has some.",
               lambda: _dense(nn.ReLU(), blank=True), "relu", "d_x", misreadings.relu_at_zero),
    Convention("equal values under a max", "the first of them has it", "all of them get the gradient",
               "After a ReLU or on blank paper most windows hold equal values.",
               _blank_images, "max_pool2d", "d_x", misreadings.tie_to_all),
    Convention("mean or sum", "the loss is the mean over the examples", "the loss is their sum",
               "A sum makes every step as many times longer as there are examples: it is another learning rate.",
               lambda: _dense(nn.Tanh()), "cross_entropy", "d_x", misreadings.sum_of_losses),
    Convention("which way a Linear's weights lie", "out × in: y = x Wᵀ", "in × out: y = x W",
               "A square layer takes both without a word.",
               _square, "linear", "forward", misreadings.in_by_out),
    Convention("BatchNorm's variance in the forward", "biased: divided by n", "unbiased: divided by n − 1",
               "Textbooks and libraries call both 'the variance'.",
               lambda: _dense(nn.BatchNorm1d(6), nn.Tanh()), "batch_norm", "forward", misreadings.unbiased_forward),
    Convention("BatchNorm's variance in the running average", "unbiased: divided by n − 1", "biased: divided by n",
               "Nothing in training shows it; the model is another one as soon as it is evaluated.",
               lambda: _dense(nn.BatchNorm1d(6), nn.Tanh()), "batch_norm", "forward", misreadings.biased_average),
    Convention("where BatchNorm's eps stands", "under the root: sqrt(var + eps)", "beside it: sqrt(var) + eps",
               "The two differ most where a channel hardly varies.",
               lambda: _dense(nn.BatchNorm1d(6), nn.Tanh()), "batch_norm", "forward", misreadings.eps_beside_the_root),
    Convention("where Adam's eps stands", "beside the root: sqrt(v) + eps", "under it: sqrt(v + eps)",
               "Where gradients are small, eps is the whole step.",
               _adam, "adam", "update", misreadings.eps_under_the_root),
    Convention("Adam's bias correction", "m and v are divided by 1 − βᵗ", "they are taken as they are",
               "Both averages begin at 0; uncorrected, the first steps are too long by far.",
               _adam, "adam", "update", misreadings.without_correction),
    Convention("which GELU", "with erf, unless approximate='tanh' is said", "the tanh form",
               "They differ by less than 0.0005, which no curve of a loss shows and every comparison does.",
               lambda: _dense(nn.GELU()), "gelu", "forward", misreadings.tanh_form),
    Convention("one stream of random numbers", "all levels draw from one, in the same order", "a stream of its own",
               "The same seed gives other numbers in another library.",
               _noisy, "dropout", "forward", misreadings.own_stream),
    Convention("a learning rate that is exact in binary", "0.1 as float64 everywhere", "0.1 as float32, once",
               "0.1 is no binary fraction: what it is depends on the types that it passes through. 0.125 is.",
               lambda: _dense(nn.Tanh(), optimizer="sgd:lr=0.1"), "sgd", "update", misreadings.rounded_rate),
)  # fmt: skip
