"""The map of batch size and learning rate: plain SGD on MNIST at 14 × 14, a row of the map at a time.

A row is one batch size; its learning rates train side by side, on the same batches from the same first weights, at a
rate that stays what it is: a schedule would blur what the rate does.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from onionskin.lab import charts
from onionskin.lab.answer import Chart
from onionskin.lab.question import Measure
from onionskin.lab.questions._parts import parts
from onionskin.lab.questions._stack import Stack
from onionskin.lab.results import Results

INPUTS: Final = 14 * 14
HIDDEN: Final = 64

#: Learning rates, each twice the one before.
RATES: Final = tuple(2.0**k for k in range(-8, 4))

#: Held-out loss that counts as having learned (nats); chance is 2.3.
TARGET: Final = 0.6


@dataclass(frozen=True)
class Row:
    """One batch size at every learning rate.

    Attributes:
        after_steps, after_examples: (r,) held-out losses (nats) at the two ends; infinite where it diverged.
        to_target: (r,) steps until the held-out loss was at most the target; infinite where it never was.
    """

    after_steps: Tensor
    after_examples: Tensor
    to_target: Tensor


@cache
def examples(seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return 4,000 pictures to train on, (n, 196), their classes, and 1,000 held-out ones with theirs."""
    mnist = parts("mnist", seed, train=4000, held=1000, test=0)
    small, held = (avg_pool2d(x, 2).flatten(1) for x in (mnist.x, mnist.held_x))
    return small, mnist.y, held, mnist.held_y


def row(
    batch: int, seed: int, *, steps: int, budget: int, rates: Sequence[float] = RATES, run: Path | None = None
) -> Row:
    """Train one batch size at every rate.

    Args:
        batch: Examples a step, drawn with replacement.
        seed: Of the data and the batches; the weights are of PyTorch's stream.
        steps: The first end: so many steps.
        budget: The second end: so many examples.
        rates: Learning rates.
        run: Where to record the network with the middle one of them.
    """
    x, y, held_x, held_y = examples(seed)
    stack, order = Stack(rates, INPUTS, HIDDEN, 10), torch.Generator().manual_seed(seed)
    by_examples = max(1, budget // batch)
    to_target = torch.full((len(rates),), math.inf)
    after_steps = after_examples = to_target
    look = 1.0
    with stack.recorded(run, x[:64], y[:64]):
        for step in range(1, max(steps, by_examples) + 1):
            drawn = torch.randint(len(x), (batch,), generator=order)
            stack.step(x[drawn], y[drawn])
            if step >= look or step in (steps, by_examples):
                loss = stack.tested(held_x, held_y)[0]
                to_target = torch.where((loss <= TARGET) & torch.isinf(to_target), float(step), to_target)
                after_steps = loss if step == steps else after_steps
                after_examples = loss if step == by_examples else after_examples
                look = max(step + 1, step * 1.08)
    return Row(after_steps, after_examples, to_target)


def seconds_an_example(batch: int, seed: int) -> float:
    """Return the median time of a step (forward, backward, update) of one network, divided by its examples."""
    x, y, _, _ = examples(seed)
    stack, took = Stack([0.01], INPUTS, HIDDEN, 10), []
    for _ in range(25):
        drawn = torch.randint(len(x), (batch,))
        one, its = x[drawn], y[drawn]
        began = time.perf_counter()
        stack.step(one, its)
        took.append(time.perf_counter() - began)
    return sorted(took[5:])[10] / batch


def name_of(rate: float) -> str:
    """Return a rate as the map's axis has it: ``1/8`` or ``2``."""
    return f"1/{1 / rate:g}" if rate < 1 else f"{rate:g}"


def measures(what: str, meaning: str) -> dict[str, Measure]:
    """Return a measure for each cell of a row."""
    return {f"{what}, rate {name_of(r)}": Measure("nats", f"{meaning} at rate {name_of(r)}") for r in RATES}


def cells(what: str, losses: Tensor) -> dict[str, float]:
    """Return the numbers of a row by their measures; those that diverged are infinite."""
    return {f"{what}, rate {name_of(r)}": float(loss) for r, loss in zip(RATES, losses, strict=True)}


def heat(results: Results, what: str, title: str) -> Chart:
    """Return the map; a cell in which a trial diverged has the loss of chance, which is the darkest there is."""
    rows: list[dict[str, Any]] = []
    for rate in reversed(RATES):
        for arm in [arm for arm in results.arms if "batch" in arm.settings]:
            measure = f"{what}, rate {name_of(rate)}"
            trials = [t.numbers[measure] for t in results.trials if t.arm == arm.name and measure in t.numbers]
            shown = [min(value, math.log(10)) if math.isfinite(value) else math.log(10) for value in trials]
            if shown:
                rows.append({"x": str(arm["batch"]), "y": name_of(rate), "value": sum(shown) / len(shown)})
    return charts.heat(rows, title, "batch", "learning rate", "loss (nats)", reverse=True, labels=".2f")


def best_rate(losses: Tensor) -> float:
    """Return the rate with the lowest loss, by a parabola through it and its neighbours along log rate."""
    k = int(losses.argmin())
    if 0 < k < len(RATES) - 1 and torch.isfinite(losses[k - 1 : k + 2]).all():
        left, middle, right = (float(v) for v in losses[k - 1 : k + 2].log())
        bend = left - 2 * middle + right
        if bend > 0:
            return float(RATES[k] * 2 ** min(0.5, max(-0.5, (left - right) / (2 * bend))))
    return RATES[k]


def border(losses: Tensor) -> float:
    """Return the smallest rate from which on the loss is at least that of chance; infinite where there is none."""
    bad = losses >= math.log(10)
    for rate, rest in zip(RATES, (bad[k:] for k in range(len(RATES))), strict=True):
        if bool(rest.all()):
            return rate
    return math.inf


def noise_scale(stack: Stack, x: Tensor, y: Tensor) -> tuple[float, float]:
    """Return the two parts of the simple gradient noise scale of a stack's first network.

    Each example's gradient of a layer is an outer product, so that its length needs no gradient by itself: the squared
    length is that of the layer's input (and 1, for the bias) times that of the gradient of its output.

    Source: McCandlish, Kaplan, Amodei & others (2018), "An empirical model of large-batch training", arXiv
    1812.06162, equation 2.9: B = tr(Σ) / |G|².

    Args:
        stack: Networks with one hidden layer.
        x, y: (n, i) and (n,): all examples that batches are drawn from.

    Returns:
        tr(Σ), the variance of an example's gradient, and |G|², the squared length of their mean.
    """
    w1, b1, w2, b2 = (weight[0].detach() for weight in stack.weights)
    hidden = (x @ w1 + b1).relu()
    d_logits = (hidden @ w2 + b2).softmax(1)
    d_logits[torch.arange(len(y)), y] -= 1
    d_hidden = (d_logits @ w2.T) * (hidden > 0)
    lengths = ((hidden**2).sum(1) + 1) * (d_logits**2).sum(1) + ((x**2).sum(1) + 1) * (d_hidden**2).sum(1)
    means = [x.T @ d_hidden, d_hidden.sum(0), hidden.T @ d_logits, d_logits.sum(0)]
    mean = sum(float(((part / len(x)) ** 2).sum()) for part in means)
    return float(lengths.mean()) - mean, mean
