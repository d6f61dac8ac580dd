"""Which optimizer should I use, and does it matter?

Seven update rules train the same network (64 pixels, 64 hidden units with ReLU, 10 classes) on the same 8 × 8 digits,
in the same batches of 32, from the same first weights, for the same number of steps with the same schedule (the
learning rate falls linearly to zero). Only the rule differs: SGD, momentum, Nesterov, RMSprop, Adam, AdamW and Lion,
with their usual constants.

A rule is only as good as its learning rate, so each gets its best: it trains at every rate of a grid of factors of
about 3 (factors of 10 in a quick run), and the rate with the lowest loss on 300 held-out digits, on which nobody
trains, is taken. Its loss on all training digits and its accuracy on 400 test digits count. How forgiving a rule is,
is the width of its grid's range in which the held-out loss is at most one and a half times the best one.

All is done twice: with pixels as they are (mean 0, deviation 1), and with each pixel multiplied by a number of its
own between 0.01 and 10 (equal factors equally likely, drawn anew for every seed). That is the same information, badly
scaled, as in a table with metres in one column and milligrams in another: the loss has directions that are steep and
others that are nearly flat.

Papers: Kingma & Ba (2015), arXiv 1412.6980, Adam; Loshchilov & Hutter (2019), arXiv 1711.05101, AdamW; Chen and
others (2023), arXiv 2302.06675, Lion; Schmidt, Schneider & Hennig (2021), "Descending through a crowded valley",
arXiv 2007.01547: tuned optimizers are closer to each other than their papers say.
"""

from __future__ import annotations

import math
from typing import Any, Final

import torch

from onionskin.lab import charts
from onionskin.lab.answer import Answer, Chart
from onionskin.lab.question import Arm, Measure
from onionskin.lab.questions._parts import everything, parts
from onionskin.lab.questions._stack import Stack
from onionskin.lab.questions._update_rules import RULES
from onionskin.lab.questions._verdict import all_of
from onionskin.lab.results import Results
from onionskin.lab.trial import run_folder

CLAIM = (
    "On well-scaled digits the rules are within 2 points of test accuracy of each other once each has its own learning "
    "rate; on badly scaled pixels Adam is at least 3 points better than SGD."
)
COST = 150
CHANGES = (
    "A network of another kind (transformers are where SGD falls behind even on clean data), much longer training, "
    "larger batches, or layers with normalisation, which mend bad scaling by themselves."
)

#: After so many shares of the steps, the loss is looked at.
MOMENTS: Final = (0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 1.0)

MEASURES: Final = {
    "accuracy": Measure("share", "test accuracy at the best learning rate", precision=0.01),
    "loss": Measure("nats", "training loss at the best learning rate"),
    "rate": Measure("", "the best learning rate"),
    "decades": Measure("powers of ten", "range of learning rates that do nearly as well"),
    **{f"loss at {m:.0%}": Measure("nats", f"training loss after {m:.0%} of the steps") for m in MOMENTS},
}

SCALES: Final = ("well scaled", "badly scaled")

#: Rules whose step is about as long as the learning rate, whatever the gradient; the others' is in proportion to it.
OWN_SCALE: Final = ("RMSprop", "Adam", "AdamW", "Lion")


def arms(is_quick: bool) -> list[Arm]:
    """Return every rule on both kinds of pixels."""
    found = []
    for scale in SCALES:
        for rule in RULES:
            low, high = (-5, -1) if rule in OWN_SCALE else (-4, 1)
            step = 1.0 if is_quick else 0.5
            rates = tuple(10 ** (low + step * i) for i in range(round((high - low) / step) + 1))
            settings = {"rule": rule, "scale": scale, "rates": rates, "steps": 100 if is_quick else 500}
            found.append(Arm(f"{rule}, {scale}", settings))
    return found


def warm(arm: Arm) -> None:
    """Load the digits."""
    everything("digits")


def measure(arm: Arm, seed: int) -> dict[str, float]:
    """Train at every learning rate of the grid side by side, and tell of the best one."""
    digits = parts("digits", seed, train=1000, held=300, test=400)
    pixel = torch.ones(64)
    if arm["scale"] == "badly scaled":
        pixel = 10 ** (3 * torch.rand(64, generator=torch.Generator().manual_seed(seed)) - 2)
    x, held, test = (part.flatten(1) * pixel for part in (digits.x, digits.held_x, digits.test_x))
    stack = Stack(arm["rates"], 64, 64, 10, rule=RULES[arm["rule"]])
    first, steps = stack.rates.clone(), arm["steps"]
    order, curve = torch.Generator().manual_seed(seed), {}
    is_shown = seed == 0 and arm["scale"] == "badly scaled"
    with stack.recorded(run_folder() if is_shown else None, x[:64], digits.y[:64]):
        for step in range(steps):
            stack.rates = first * (1 - step / steps)
            batch = torch.randint(len(x), (32,), generator=order)
            stack.step(x[batch], digits.y[batch])
            for moment in MOMENTS:
                if step + 1 == max(1, round(moment * steps)):
                    curve[f"loss at {moment:.0%}"] = stack.tested(x, digits.y)[0]
    held_loss = stack.tested(held, digits.held_y)[0]
    best = int(held_loss.argmin())
    near = [math.log10(r) for r, loss in zip(arm["rates"], held_loss, strict=True) if loss <= 1.5 * held_loss[best]]
    return {
        "accuracy": float(stack.tested(test, digits.test_y)[1][best]),
        "loss": float(stack.tested(x, digits.y)[0][best]),
        "rate": arm["rates"][best],
        "decades": max(near) - min(near),
        **{name: float(losses[best]) for name, losses in curve.items()},
    }


def answer(results: Results) -> Answer:
    """Compare the rules on both kinds of pixels."""
    said, gaps, notes = [], {}, []
    for scale in SCALES:
        names = [arm.name for arm in results.arms if arm["scale"] == scale]
        if not names:
            continue
        order = sorted(names, key=lambda name: -results.value(name, "accuracy"))
        best, worst = order[0], order[-1]
        gaps[scale] = results.value(best, "accuracy") - results.value(worst, "accuracy")
        said.append(
            f"with {scale.replace('scaled', 'scaled pixels')} the tuned rules reach {results.said(worst, 'accuracy')} "
            f"({worst.partition(',')[0]}) to {results.said(best, 'accuracy')} ({best.partition(',')[0]})"
        )
        for name in names:
            if not name.startswith("SGD") and f"SGD, {scale}" in results:
                results.difference(name, f"SGD, {scale}", "accuracy")
    notes += _edges(results)
    adam, sgd = "Adam, badly scaled", "SGD, badly scaled"
    rule, holds = "Tune the learning rate before you change the optimizer.", None
    if adam in results and sgd in results and len(gaps) == len(SCALES):
        gain = results.difference(adam, sgd, "accuracy")
        said.append(f"there, Adam against SGD: {gain}")
        if gain.interval.count > 1:
            holds = all_of(gaps["well scaled"] <= 0.02, gain.interval.value >= 0.03 if gain.differs else None)
        if gain.differs and gain.interval.value > 0:
            rule = (
                "Tune the learning rate before you change the optimizer; where inputs are badly scaled, scale them, or "
                "take Adam, which scales every weight by itself."
            )
    return Answer(
        sentence=" ".join(f"{part[:1].upper()}{part[1:]}." for part in said),
        rule=rule,
        charts=[_curves(results, scale) for scale in SCALES if f"SGD, {scale}" in results]
        + [charts.bars(results, "accuracy", "Test accuracy, each at its best learning rate", name="test accuracy")],
        claim_holds=holds,
        notes=notes,
        tables={"Best learning rates": _rates(results)},
    )


def _curves(results: Results, scale: str) -> Chart:
    rows = []
    for arm in results.arms:
        if arm["scale"] == scale:
            for moment in MOMENTS:
                found = results.middle(arm.name, f"loss at {moment:.0%}")
                if found.count:
                    rows.append({"x": round(moment * arm["steps"]), "y": found.value, "series": arm["rule"]})
    return charts.lines(rows, f"Training loss, {scale} pixels", "step", "training loss (nats)", log_x=True, log_y=True)


def _edges(results: Results) -> list[str]:
    """Say where the best rate lies at an end of its grid: the true best may lie beyond."""
    at_end = []
    for arm in results.arms:
        rates = results.values(arm.name, "rate")
        if len(rates) and any(
            min(abs(math.log(r / end)) for end in (arm["rates"][0], arm["rates"][-1])) < 0.01 for r in rates
        ):
            at_end.append(arm.name)
    return [f"The best rate was at an end of the grid for: {', '.join(at_end)}."] if at_end else []


def _rates(results: Results) -> list[dict[str, Any]]:
    rows = []
    for arm in results.arms:
        rates = results.values(arm.name, "rate")
        middle = math.exp(sum(map(math.log, rates)) / len(rates)) if len(rates) else math.nan
        rows.append(
            {
                "rule": arm["rule"],
                "pixels": arm["scale"],
                "best rate": f"{middle:.2g}",
                "forgiving over": f"{results.value(arm.name, 'decades'):.1f} powers of ten",
            }
        )
    return rows
