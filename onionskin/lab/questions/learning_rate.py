"""What does the learning rate do, and how do I choose it?

The map: a network of 196 pixels (MNIST at 14 × 14), 64 hidden units with ReLU and 10 classes is trained by plain SGD
with every learning rate of a grid, each twice the one before, and with several batch sizes; the rate stays what it
is. Shaded is its loss on 1,000 held-out digits, once after the same number of steps and once after the same number of
examples. `batch` shows the same map from its other side. The best rate of a row is the lowest point of a parabola
through the lowest cell and its two neighbours; the border is the smallest rate from which on no loss is better than
chance. How the best rate grows with the batch is the slope of a line through both on logarithmic axes, over the
batches up to 64.

The edge: full-batch gradient descent on 300 digits of 8 × 8 (two hidden layers of 32 tanh units, squared error), for
several rates. Its sharpness is the largest eigenvalue of the loss's second derivatives, found by power iteration on
products of the Hessian with a vector. On a parabola of sharpness s, steps with a rate above 2 / s grow without end,
so what is shown is sharpness × rate / 2: above 1, theory for a parabola says that it diverges.

Papers: Goyal and others (2017), "Accurate, large minibatch SGD", arXiv 1706.02677: the linear scaling rule; Cohen and
others (2021), "Gradient descent on neural networks typically occurs at the edge of stability", arXiv 2103.00065.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from onionskin.lab import charts
from onionskin.lab.answer import Answer, Chart
from onionskin.lab.question import Arm, Measure
from onionskin.lab.questions import _map
from onionskin.lab.questions._parts import everything, parts
from onionskin.lab.questions._recorded import recorded
from onionskin.lab.questions._verdict import all_of, within
from onionskin.lab.questions._words import spread
from onionskin.lab.results import Results
from onionskin.lab.statistics import interval
from onionskin.lab.trial import run_folder

CLAIM = (
    "While batches are small (up to 64) the best learning rate grows in proportion to the batch (exponent 0.75 to "
    "1.25: the linear scaling rule). Full-batch gradient descent at a large rate ends with a sharpness within 10 % of "
    "2 / rate."
)
COST = 240
SEEDS = 5
CHANGES = (
    "Momentum or Adam (their stable rates are others), a warm-up or a schedule, normalisation layers, a longer "
    "training: the more steps there are, the smaller is the best rate of small batches."
)

#: Shares of the training at which the sharpness is looked at.
MOMENTS: Final = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)

#: At the edge, by the claim: sharpness × rate / 2 differs from 1 by at most so much.
NEAR: Final = 0.1

MEASURES: Final = {
    "loss": Measure(
        "nats", "loss at the end: of a row the lowest held-out one after N steps, of an edge the training loss"
    ),
    "best rate": Measure("", "best learning rate after N steps", kind="size"),
    "best rate by examples": Measure("", "best learning rate after N examples", kind="size"),
    "border": Measure("", "smallest learning rate that learns nothing in N steps", kind="size"),
    **_map.measures("steps", "held-out loss after N steps"),
    **_map.measures("examples", "held-out loss after N examples"),
    **{f"edge at {m:.0%}": Measure("", f"sharpness × rate / 2 after {m:.0%} of the steps") for m in MOMENTS},
}


def arms(is_quick: bool) -> list[Arm]:
    """Return the rows of the map, and the edges."""
    batches = (8, 32, 128) if is_quick else (2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
    budget = 2048 if is_quick else 8192
    rows = [Arm(f"batch {b}", {"batch": b, "steps": 100, "budget": budget}) for b in batches]
    rates, steps = ((0.4, 0.8), 300) if is_quick else ((0.1, 0.2, 0.4, 0.8), 2000)
    return rows + [Arm(f"edge, rate {r:g}", {"rate": r, "steps": steps}) for r in rates]


def warm(arm: Arm) -> None:
    """Load the pictures."""
    everything("mnist" if "batch" in arm.settings else "digits")


def measure(arm: Arm, seed: int) -> dict[str, float]:
    """Train a row of the map, or gradient descent to its edge."""
    if "rate" in arm.settings:
        return _edge(arm["rate"], arm["steps"], seed)
    run = run_folder() if seed == 0 and arm["batch"] == 32 else None
    row = _map.row(arm["batch"], seed, steps=arm["steps"], budget=arm["budget"], run=run)
    return {
        "loss": float(row.after_steps.min()),
        "best rate": _map.best_rate(row.after_steps),
        "best rate by examples": _map.best_rate(row.after_examples),
        "border": _map.border(row.after_steps),
        **_map.cells("steps", row.after_steps),
        **_map.cells("examples", row.after_examples),
    }


def _edge(rate: float, steps: int, seed: int) -> dict[str, float]:
    """Descend with the gradient of all examples, and look at the sharpness on the way."""
    digits = parts("digits", seed, train=300, held=0, test=0)
    x = digits.x.flatten(1)
    x, y = (x - x.mean(0)) / 2, one_hot(digits.y, 10).float()
    model = nn.Sequential(nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 10))
    weights = list(model.parameters())

    def loss() -> Tensor:
        squares: Tensor = ((model(x) - y) ** 2).sum(1).mean() / 2
        return squares

    looks = {round(m * steps): m for m in MOMENTS}
    found, direction = {}, [torch.randn_like(w) for w in weights]
    optimizer, run = torch.optim.SGD(weights, lr=rate), run_folder() if seed == 0 else None
    with recorded(run, model, optimizer, x[:64], digits.y[:64]) as log:
        for step in range(steps + 1):
            if step in looks:
                sharpness, direction = sharpest(loss(), weights, direction, times=50 if step == 0 else 15)
                found[f"edge at {looks[step]:.0%}"] = sharpness * rate / 2
            optimizer.zero_grad()
            torch.autograd.backward(now := loss())
            optimizer.step()
            log(now)
    return {"loss": float(loss().detach()), **found}


def sharpest(
    loss: Tensor, weights: Sequence[Tensor], direction: Sequence[Tensor], *, times: int
) -> tuple[float, list[Tensor]]:
    """Return the largest eigenvalue of the loss's Hessian, by power iteration, and its direction.

    Args:
        loss: With its graph.
        weights: What it is differentiated by.
        direction: Where to begin, a tensor a weight: a random one, or the last one found.
        times: How many products; each brings in the ratio of the two largest eigenvalues once.
    """
    gradient = torch.autograd.grad(loss, list(weights), create_graph=True)
    value, v = math.nan, list(direction)
    for _ in range(times):
        length = math.sqrt(sum(float((part**2).sum()) for part in v))
        v = [part / length for part in v]
        along = sum((g * part).sum() for g, part in zip(gradient, v, strict=True))
        product = torch.autograd.grad(along, list(weights), retain_graph=True)  # type: ignore[arg-type]  # never 0: int
        value = sum(float((h * part).sum()) for h, part in zip(product, v, strict=True))
        v = list(product)
    return value, v


def answer(results: Results) -> Answer:
    """Say how the best rate goes with the batch, how far it is to the border, and whether the edge was reached."""
    rows = [arm for arm in results.arms if "batch" in arm.settings]
    edges = [arm for arm in results.arms if "rate" in arm.settings]
    said: list[str] = []
    holds: list[bool | None] = []
    shown: list[Chart] = []
    rule = "Double the learning rate until the loss no longer falls, then go back by half to a quarter."
    if rows:
        best = {arm.name: results.value(arm.name, "best rate") for arm in rows}
        small, large = rows[0], rows[-1]
        borders = {arm.name: results.value(arm.name, "border") for arm in rows}
        far = [borders[name] / best[name] for name in best if math.isfinite(borders[name])]
        said.append(
            f"After {small['steps']} steps the best rate is {best[small.name]:.2g} at batch {small['batch']} and "
            f"{best[large.name]:.2g} at batch {large['batch']}"
            + (f"; nothing is learned from {min(far):.1f} to {max(far):.1f} times the best rate on" if far else "")
        )
        if small is not large:
            results.ratio(large.name, small.name, "best rate")
        slope = _slope(results, [arm for arm in rows if arm["batch"] <= 64])
        if slope is not None:
            said.append(f"up to batch 64 it grows as batch^{spread(slope)}")
            holds.append(within(slope, 0.75, 1.25))
        shown += [_map.heat(results, "steps", f"Held-out loss after {small['steps']} steps"),
                  _map.heat(results, "examples", f"Held-out loss after {small['budget']:,} examples"),
                  _best(results, rows)]  # fmt: skip
    if edges:
        last = edges[-1]
        end = results.middle(last.name, "edge at 100%")
        said.append(
            f"full-batch gradient descent at rate {last['rate']:g} ends with sharpness × rate / 2 = "
            f"{spread(end, digits='.3g')}, where a parabola allows at most 1"
        )
        holds.append(within(end, 1 - NEAR, 1 + NEAR))
        shown.append(_edges(results, edges))
    return Answer(
        sentence="; ".join(said) + ".",
        rule=rule,
        charts=shown,
        claim_holds=all_of(*holds),
        notes=["A border that lies outside the grid counts as unknown.", _both(holds)],
    )


def _both(holds: Sequence[bool | None]) -> str:
    names = ("the scaling of the best rate with the batch", "the edge of stability")
    words = {True: "holds", False: "does not hold", None: "cannot be told"}
    return "Claimed were " + "; ".join(f"{n}: {words[held]}" for n, held in zip(names, holds, strict=False)) + "."


def _slope(results: Results, rows: Sequence[Arm]) -> Any:
    """Return the exponent of the best rate in the batch with its interval, a line for each seed; None of one batch."""
    if len(rows) < 2:
        return None
    slopes = []
    by_batch = {arm["batch"]: results.by_seed(arm.name, "best rate") for arm in rows}
    for seed in sorted(set.intersection(*(set(rates) for rates in by_batch.values()))):
        rates = [by_batch[batch][seed] for batch in by_batch]
        slopes.append(float(np.polyfit(np.log(list(by_batch)), np.log(rates), 1)[0]))
    return interval(np.array(slopes), "score") if slopes else None


def _best(results: Results, rows: Sequence[Arm]) -> Chart:
    lines = []
    for measure, series in (("best rate", "best, after N steps"), ("best rate by examples", "best, after N examples"),
                            ("border", "learns nothing from here on")):  # fmt: skip
        for arm in rows:
            found = results.middle(arm.name, measure)
            if found.count:
                lines.append(
                    {"x": arm["batch"], "y": found.value, "low": found.low, "high": found.high, "series": series}
                )
    return charts.lines(lines, "Best learning rate by batch", "batch", "learning rate", log_x=True, log_y=True)


def _edges(results: Results, edges: Sequence[Arm]) -> Chart:
    rows: list[dict[str, Any]] = []
    for arm in edges:
        for moment in MOMENTS:
            found = results.middle(arm.name, f"edge at {moment:.0%}")
            if found.count:
                rows.append({"x": round(moment * arm["steps"]), "y": found.value, "series": f"rate {arm['rate']:g}"})
    rows += [{"x": x, "y": 1.0, "series": "edge: 2 / rate"} for x in (0, edges[-1]["steps"])]
    title = "Sharpness against the edge of stability"
    return charts.lines(rows, title, "step", "sharpness × rate / 2")
