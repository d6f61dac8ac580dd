"""Can I believe a network that is 99 % sure?

A network that says 80 % should be right in 80 of 100 cases. Perceptrons are trained on 1,000 MNIST digits with Adam
and looked at on 2,000 others: how often is it right where it says at least 99 %, and what is its expected calibration
error (ECE, 15 bins): the gap between what it says and how often it is right. Compared are a short and a ten times
longer training, 8, 64 and 512 hidden units, label smoothing (0.1) and the mean of five networks. In a full run each
arm takes the better of two learning rates, by its accuracy on 500 held-out digits.

The remedy is a single number: logits are divided by a temperature, which is fitted on the same 500 held-out digits,
which nobody trains on. All is measured before and after it, also where the world has changed and the temperature has
not: on the test digits turned by 30 degrees, and with noise (deviation 0.7 of that of the pixels).

Papers: Guo, Pleiss, Sun & Weinberger (2017), "On calibration of modern neural networks", arXiv 1706.04599;
Lakshminarayanan, Pritzel & Blundell (2017), arXiv 1612.01474, ensembles; Ovadia and others (2019), "Can you trust
your model's uncertainty?", arXiv 1906.02530.
"""

from __future__ import annotations

import math
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from onionskin.lab import charts
from onionskin.lab.answer import Answer, Chart
from onionskin.lab.question import Arm, Measure
from onionskin.lab.questions._lesson import accuracy, lesson, logits
from onionskin.lab.questions._parts import everything, moved, parts
from onionskin.lab.questions._verdict import all_of, within
from onionskin.lab.results import Results
from onionskin.lab.statistics import Interval, interval
from onionskin.lab.trial import run_folder
from onionskin.learn.calibration import BINS, calibrated, fitted

CLAIM = (
    "After a long training the network is too sure (ECE above 3 %), and one temperature halves the error at least; on "
    "turned digits it is right in less than 90 % of the cases in which it says at least 99 %, and the temperature of "
    "upright digits does not bring the ECE there below 5 %."
)
COST = 150
SEEDS = 5
CHANGES = (
    "More data or augmentation (the gap is then smaller), convolutions, other shifts; large models that were trained "
    "on much more data than they could learn by heart are better calibrated."
)

#: What the test digits look like.
WORLDS: Final = ("as trained", "turned", "noisy")
SURE: Final = 0.99

MEASURES: Final = {
    "ECE": Measure("share", "expected calibration error on test digits", precision=0.01),
    "accuracy": Measure("share", "test accuracy"),
    "temperature": Measure("", "temperature that the held-out digits ask for"),
    "loss": Measure("nats", "test loss"),
    "loss scaled": Measure("nats", "test loss after the temperature"),
    "ECE scaled": Measure("share", "expected calibration error after the temperature"),
    "right when sure": Measure("share", f"right where it says at least {100 * SURE:.0f} %"),
    "how often sure": Measure("share", f"of the digits, where it says at least {100 * SURE:.0f} %"),
    **{f"{name}, {world}": Measure("share", f"{meaning}, {world} digits")
       for world in WORLDS[1:]
       for name, meaning in (("accuracy", "accuracy"), ("ECE", "expected calibration error"),
                             ("ECE scaled", "calibration error after the temperature"),
                             ("right when sure", f"right where it says at least {100 * SURE:.0f} %"))},
    **{f"{what} in bin {k}{after}": Measure("share", f"{what} in bin {k} of {BINS}{after}")
       for k in range(BINS) for what in ("said", "right") for after in ("", ", scaled")},
}  # fmt: skip

#: The arm that the temperature is shown on.
LONG: Final = "64 units, long"
SHORT: Final = "64 units"


def arms(is_quick: bool) -> list[Arm]:
    """Return networks of several sizes and ages."""
    steps = 150 if is_quick else 600
    rates = (0.003,) if is_quick else (0.001, 0.004)
    base = {"hidden": 64, "steps": steps, "rates": rates, "smoothing": 0.0, "members": 1}
    changed: dict[str, dict[str, Any]] = {
        SHORT: {}, LONG: {"steps": 10 * steps}, "8 units": {"hidden": 8}, "512 units": {"hidden": 512},
        "label smoothing": {"smoothing": 0.1}, "five networks": {"members": 5},
    }  # fmt: skip
    if is_quick:
        for name in ("8 units", "512 units"):
            del changed[name]
    return [Arm(name, {**base, **change}) for name, change in changed.items()]


def warm(arm: Arm) -> None:
    """Load the digits."""
    everything("mnist")


def measure(arm: Arm, seed: int) -> dict[str, float]:
    """Train, fit a temperature on held-out digits, and look at what is said and what is true."""
    digits = parts("mnist", seed, train=1000, held=500, test=2000)
    members = [_trained(arm, digits.x.flatten(1), digits.y, digits.held_x.flatten(1), digits.held_y,
                        1000 * seed + k) for k in range(arm["members"])]  # fmt: skip
    held = _said(members, digits.held_x)
    temperature = fitted(held, digits.held_y)
    generator = torch.Generator().manual_seed(seed)
    worlds = {
        "as trained": digits.test_x,
        "turned": moved(digits.test_x, degrees=30.0),
        "noisy": digits.test_x + 0.7 * torch.randn(digits.test_x.shape, generator=generator),
    }
    numbers = {"temperature": temperature}
    for world, x in worlds.items():
        said, after = _said(members, x), "" if world == "as trained" else f", {world}"
        before, scaled = calibrated(said, digits.test_y), calibrated(said / temperature, digits.test_y)
        sure, share = _when_sure(said, digits.test_y)
        numbers |= {f"accuracy{after}": before.right, f"ECE{after}": before.error, f"ECE scaled{after}": scaled.error}
        numbers |= {f"right when sure{after}": sure}
        if world == "as trained":
            numbers["how often sure"] = share
            numbers["loss"] = float(cross_entropy(said, digits.test_y))
            numbers["loss scaled"] = float(cross_entropy(said / temperature, digits.test_y))
            for of, ending in ((before, ""), (scaled, ", scaled")):
                for one in of.bins:
                    k = round(one.low * BINS)
                    numbers |= {f"said in bin {k}{ending}": one.confidence, f"right in bin {k}{ending}": one.right}
    return {name: value for name, value in numbers.items() if math.isfinite(value)}


def _trained(arm: Arm, x: Tensor, y: Tensor, held_x: Tensor, held_y: Tensor, seed: int) -> nn.Module:
    tried = []
    for rate in arm["rates"]:
        torch.manual_seed(seed)
        model = nn.Sequential(nn.Linear(28 * 28, arm["hidden"]), nn.ReLU(), nn.Linear(arm["hidden"], 10))
        is_shown = seed == 0 and arm.name == SHORT and rate == arm["rates"][-1]
        run = run_folder() if is_shown else None
        lesson(model, x, y, steps=arm["steps"], rate=rate, seed=seed, smoothing=arm["smoothing"], run=run)
        tried.append((accuracy(model, held_x, held_y), model))
    return max(tried, key=lambda one: one[0])[1]


def _said(members: list[nn.Module], x: Tensor) -> Tensor:
    """Return the logits of one network, or those of the mean of probabilities of several, (n, 10)."""
    each = [logits(member, x.flatten(1)) for member in members]
    return each[0] if len(each) == 1 else torch.stack(each).double().softmax(2).mean(0).log()


def _when_sure(said: Tensor, y: Tensor) -> tuple[float, float]:
    """Return how often it is right where it is sure, and how often it is sure."""
    top = said.double().softmax(1).max(1)
    sure = top.values >= SURE
    right = float((top.indices == y)[sure].float().mean()) if bool(sure.any()) else math.nan
    return right, float(sure.float().mean())


def answer(results: Results) -> Answer:
    """Say how far 99 % can be believed, before and after a temperature, here and elsewhere."""
    said: list[str] = []
    holds: list[bool | None] = []
    arm = LONG if LONG in results else results.arms[0].name
    before, after = results.middle(arm, "ECE"), results.middle(arm, "ECE scaled")
    said.append(
        f"Where the network ({arm}) says at least {100 * SURE:.0f} % it is right in "
        f"{results.said(arm, 'right when sure')} of the cases; its calibration error is {results.said(arm, 'ECE')}, "
        f"and {results.said(arm, 'ECE scaled')} after a temperature of {results.value(arm, 'temperature'):.2g}"
    )
    turned = results.middle(arm, "right when sure, turned")
    said.append(
        f"on digits turned by 30 degrees it is right in {results.said(arm, 'right when sure, turned')} of the cases in "
        f"which it is that sure, with an error of {results.said(arm, 'ECE, turned')}, and "
        f"{results.said(arm, 'ECE scaled, turned')} after that temperature"
    )
    if arm == LONG:
        holds = [within(before, 0.03), within(_halved(results, arm), high=0.5), within(turned, high=0.9),
                 within(results.middle(arm, "ECE scaled, turned"), 0.05)]  # fmt: skip
    for other in results.arms:
        if other.name != SHORT and SHORT in results:
            results.difference(other.name, SHORT, "ECE")
    if "five networks" in results and SHORT in results:
        gain = results.difference("five networks", SHORT, "ECE, turned")
        said.append(f"five networks instead of one, on turned digits: {gain}")
    better = after.value < before.value
    return Answer(
        sentence="; ".join(said) + ".",
        rule="99 % means 99 % at best for pictures like those it was trained and tested on"
        + (": fit a temperature on held-out examples, and test where the world differs." if better else "."),
        charts=[_reliability(results, arm), *_worlds(results)],
        claim_holds=all_of(*holds),
    )


def _halved(results: Results, arm: str) -> Interval:
    """Return what the temperature leaves of the error, by seed."""
    first, then = results.by_seed(arm, "ECE"), results.by_seed(arm, "ECE scaled")
    left = torch.tensor([then[seed] / first[seed] for seed in first if seed in then and first[seed] > 0])
    if not len(left):
        return Interval(math.nan, -math.inf, math.inf, 0)
    return interval(left.double().numpy(), "score")


def _reliability(results: Results, arm: str) -> Chart:
    rows: list[dict[str, Any]] = [{"x": end, "y": end, "series": "as it should be"} for end in (0.0, 1.0)]
    for ending, series in (("", "as trained"), (", scaled", "with the temperature")):
        for k in range(BINS):
            said, right = (
                results.middle(arm, f"said in bin {k}{ending}"),
                results.middle(arm, f"right in bin {k}{ending}"),
            )
            if right.count:
                rows.append({"x": said.value, "y": right.value, "series": series})
    title = f"Reliability: {arm}"
    return charts.lines(rows, title, "how sure it says it is", "share that is right")


def _worlds(results: Results) -> list[Chart]:
    rows = []
    for arm in results.arms:
        for world in WORLDS:
            after = "" if world == "as trained" else f", {world}"
            for name, how in (("ECE", ""), ("ECE scaled", " + temperature")):
                rows.append({"x": f"{world}{how}", "y": arm.name, "value": 100 * results.value(arm.name, name + after)})
    return [charts.heat(rows, "Calibration error (%)", "digits", "network", "ECE (%)", reverse=True, labels=".1f")]
