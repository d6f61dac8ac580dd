"""What does the batch size do, and how large should it be?

The map: a network of 196 pixels (MNIST at 14 × 14), 64 hidden units with ReLU and 10 classes is trained by plain SGD
with several batch sizes, each at every learning rate of a grid (each rate twice the one before). Shaded is its loss
on 1,000 held-out digits, after the same number of steps and after the same number of examples. `learning-rate` shows
the same map from its other side.

The critical batch size: at its best rate, each batch size needs S steps, and S × batch = E examples, until the
held-out loss is at most 0.6 nats. With small batches examples are saved, with large ones steps; (S / Smin − 1)(E /
Emin − 1) = 1 is the curve that theory expects, and Emin / Smin the critical batch size, at which both cost twice
their least. Smin and Emin are fitted to the logarithms of S.

The gradient noise scale: what theory expects the critical size to be, from gradients alone, B = tr(Σ) / |G|²: how
much the gradients of examples differ, by how long their mean is. Measured over all training examples with batches of
64 at a rate of 1/8, at every doubling of the steps until the target; the sums over these moments are divided.

The time per example is the median of 20 steps (forward, backward, update) of one network alone, divided by the batch.

Paper: McCandlish, Kaplan, Amodei and others (2018), "An empirical model of large-batch training", arXiv 1812.06162,
equations 2.9 and 2.11.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import torch

from onionskin.lab import charts
from onionskin.lab.answer import Answer, Chart
from onionskin.lab.question import Arm, Measure
from onionskin.lab.questions import _map
from onionskin.lab.questions._parts import everything
from onionskin.lab.questions._stack import Stack
from onionskin.lab.questions._verdict import all_of, within
from onionskin.lab.questions._words import spread
from onionskin.lab.results import Results
from onionskin.lab.statistics import Interval, Values, interval
from onionskin.lab.trial import run_folder

CLAIM = (
    "Steps to the target fall with the batch as the curve says, within 25 % (median); the gradient noise scale is "
    "within a factor of 3 of the critical batch size; an example takes at least 10 times less time at batch 256 than "
    "at 4."
)
COST = 180
SEEDS = 5
CHANGES = (
    "Another task or a lower target loss (the noise scale grows while a network learns), an optimizer other than SGD; "
    "for the times, a machine with more cores or a GPU, or a larger network, which keeps it busy with one example."
)

MEASURES: Final = {
    "steps": Measure("steps", "steps to the target loss at the best rate", kind="size", precision=0.15),
    "examples": Measure("examples", "examples to the target loss at the best rate", kind="size"),
    "seconds": Measure("s", "training time of one example", kind="time"),
    "loss after steps": Measure("nats", "lowest held-out loss after N steps"),
    "loss after examples": Measure("nats", "lowest held-out loss after N examples"),
    "noise scale": Measure("examples", "simple gradient noise scale, over the way to the target", kind="size"),
    "noise scale at first": Measure("examples", "simple gradient noise scale before training", kind="size"),
    "noise scale at last": Measure("examples", "simple gradient noise scale at the target", kind="size"),
    **_map.measures("steps", "held-out loss after N steps"),
    **_map.measures("examples", "held-out loss after N examples"),
}

#: The arm that measures gradients.
NOISE: Final = "gradient noise"


def arms(is_quick: bool) -> list[Arm]:
    """Return the rows of the map, and the noise of gradients."""
    batches = (4, 16, 64, 256) if is_quick else (2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
    budget = 2048 if is_quick else 8192
    rows = [Arm(f"batch {b}", {"batch": b, "steps": 100, "budget": budget}) for b in batches]
    return [*rows, Arm(NOISE, {"rate": 0.125, "most_steps": 400})]


def warm(arm: Arm) -> None:
    """Load the pictures."""
    everything("mnist")


def measure(arm: Arm, seed: int) -> dict[str, float]:
    """Train a row of the map, or measure the gradients on the way."""
    if arm.name == NOISE:
        return _noise(arm["rate"], arm["most_steps"], seed)
    row = _map.row(arm["batch"], seed, steps=arm["steps"], budget=arm["budget"])
    steps = float(row.to_target.min())
    return {
        "steps": steps,
        "examples": steps * arm["batch"],
        "seconds": _map.seconds_an_example(arm["batch"], seed),
        "loss after steps": float(row.after_steps.min()),
        "loss after examples": float(row.after_examples.min()),
        **_map.cells("steps", row.after_steps),
        **_map.cells("examples", row.after_examples),
    }


def _noise(rate: float, most: int, seed: int) -> dict[str, float]:
    """Train with batches of 64 to the target, and look at the gradients of all examples at every doubling."""
    x, y, held_x, held_y = _map.examples(seed)
    stack, order = Stack([rate], _map.INPUTS, _map.HIDDEN, 10), torch.Generator().manual_seed(seed)
    seen = [_map.noise_scale(stack, x, y)]
    look = 1
    with stack.recorded(run_folder() if seed == 0 else None, x[:64], y[:64]):
        while stack.steps < most and float(stack.tested(held_x, held_y)[0]) > _map.TARGET:
            drawn = torch.randint(len(x), (64,), generator=order)
            stack.step(x[drawn], y[drawn])
            if stack.steps == look:
                seen.append(_map.noise_scale(stack, x, y))
                look *= 2
    seen.append(_map.noise_scale(stack, x, y))
    return {
        "steps": float(stack.steps),
        "noise scale": sum(s for s, _ in seen) / sum(g for _, g in seen),
        "noise scale at first": seen[0][0] / seen[0][1],
        "noise scale at last": seen[-1][0] / seen[-1][1],
    }


def answer(results: Results) -> Answer:
    """Fit the curve, and say what the noise scale would have said."""
    rows = [arm for arm in results.arms if "batch" in arm.settings and len(results.values(arm.name, "steps"))]
    said: list[str] = []
    holds: list[bool | None] = []
    shown: list[Chart] = []
    fit = _critical(results, rows)
    noise = results.middle(NOISE, "noise scale")
    rule = "Take the largest batch that still cuts the steps in proportion, and the learning rate that goes with it."
    if fit:
        critical, least, off = fit
        said.append(
            f"The critical batch size is {spread(critical, digits='.0f')} for a loss of {_map.TARGET} nats: "
            f"below it twice the batch saves many steps, above it few; the curve misses the steps by {off:.0%} (median)"
        )
        holds.append(off <= 0.25 if critical.count > 1 else None)
        shown.append(_trade(results, rows, critical.value, least))
        rule = f"A batch of about {_round(critical.value)} here: smaller ones waste steps, larger ones waste examples."
        if noise.count:
            factor = noise.value / critical.value
            said.append(f"the gradient noise scale says {noise.value:.0f}, {max(factor, 1 / factor):.1f} times "
                        f"{'more' if factor > 1 else 'less'}")  # fmt: skip
            holds.append(within(_over(noise, critical), 1 / 3, 3))
    if "batch 4" in results and "batch 256" in results:
        cheaper = results.ratio("batch 4", "batch 256", "seconds")
        said.append(f"an example's time at batch 4 against 256: {cheaper}")
        holds.append(within(cheaper.interval, 10))
    for small, large in itertools.pairwise(rows):
        results.ratio(small.name, large.name, "steps")
    if rows:
        shown += [_map.heat(results, "steps", f"Held-out loss after {rows[0]['steps']} steps"),
                  _map.heat(results, "examples", f"Held-out loss after {rows[0]['budget']:,} examples"),
                  _times(results, rows)]  # fmt: skip
    return Answer(
        sentence="; ".join(said) + "." if said else "No batch size reached the target.",
        rule=rule,
        charts=shown,
        claim_holds=all_of(*holds),
        notes=_notes(results, noise),
    )


def _notes(results: Results, noise: Interval) -> list[str]:
    if not noise.count:
        return []
    first, last = (results.value(NOISE, f"noise scale at {when}") for when in ("first", "last"))
    return [f"The noise scale was {first:.1f} before training and {last:.0f} at the target: what is left to learn when "
            "most is learned is noisier, and is worth a larger batch."]  # fmt: skip


def curve(batches: Values, steps: Values) -> tuple[float, float]:
    """Fit S = Smin (1 + critical / batch) to the logarithms of steps.

    It is equation 2.11 of the paper, (S / Smin − 1)(E / Emin − 1) = 1, with E = S × batch and critical = Emin / Smin.

    Args:
        batches, steps: (n,), at least two.

    Returns:
        The critical batch size, and Smin.
    """
    from scipy.optimize import least_squares

    def off(p: Values) -> Values:
        wrong: Values = p[0] + np.log1p(np.exp(p[1]) / batches) - np.log(steps)
        return wrong

    start = [math.log(float(steps.min())), math.log(float(np.median(batches)))]
    found = least_squares(off, start, loss="soft_l1", f_scale=0.2).x
    return float(np.exp(found[1])), float(np.exp(found[0]))


def _over(top: Interval, bottom: Interval) -> Interval:
    """Return a ratio with an interval that is wide enough for any dependence of the two."""
    return Interval(top.value / bottom.value, top.low / bottom.high, top.high / bottom.low, top.count)


def _critical(results: Results, rows: Sequence[Arm]) -> tuple[Interval, float, float] | None:
    """Return the critical size with the interval of its fits by seed, Smin, and how far the curve is off (median)."""
    if len(rows) < 3:
        return None
    batches = np.array([arm["batch"] for arm in rows], np.float64)
    middle = np.array([results.value(arm.name, "steps") for arm in rows])
    critical, least = curve(batches, middle)
    off = float(np.median(np.abs(least * (1 + critical / batches) / middle - 1)))
    by_seed = [results.by_seed(arm.name, "steps") for arm in rows]
    seeds = sorted(set.intersection(*(set(found) for found in by_seed)))
    fits = [curve(batches, np.array([found[seed] for found in by_seed]))[0] for seed in seeds]
    spread = interval(np.array(fits), "size") if fits else Interval(critical, -math.inf, math.inf, 1)
    return Interval(critical, spread.low, spread.high, spread.count), least, off


def _trade(results: Results, rows: Sequence[Arm], critical: float, least: float) -> Chart:
    """Draw steps against examples, with the fitted curve."""
    points = [
        {"x": results.value(arm.name, "steps"), "y": results.value(arm.name, "examples"), "name": str(arm["batch"])}
        for arm in rows
    ]
    batches = np.geomspace(rows[0]["batch"] / 2, rows[-1]["batch"] * 2, 60)
    line: list[dict[str, Any]] = [
        {"x": least * (1 + critical / b), "y": least * (b + critical)} for b in batches.tolist()
    ]
    title = f"Steps and examples to a loss of {_map.TARGET} nats, by batch"
    return charts.scatter(points, title, "steps", "examples", line=line)


def _times(results: Results, rows: Sequence[Arm]) -> Chart:
    points = []
    for arm in rows:
        found = results.middle(arm.name, "seconds")
        points.append({"x": arm["batch"], "y": found.value * 1e6, "low": found.low * 1e6, "high": found.high * 1e6,
                       "series": "one example"})  # fmt: skip
    title = "Training time of one example, by batch"
    return charts.lines(points, title, "batch", "microseconds", log_x=True, log_y=True)


def _round(value: float) -> int:
    """Return the nearest power of two."""
    return int(2 ** round(math.log2(max(1.0, value))))
