"""How much do wrong labels cost, and what helps?

A perceptron (64 pixels, 128 hidden units, 10 classes) is trained on 1,000 digits of 8 × 8 (400 in a quick run), a
share of which has the label of another class, each of the nine others equally likely. It is trained with Adam 48
times through the data; accuracy is on 500 test digits with right labels. In a full run each arm takes the better of
two learning rates. Nobody sees a right label in training: rates, and the moment to stop, are chosen on 200 held-out
digits whose labels are as noisy as the others.

What may help: stopping at the step with the best held-out accuracy (looked at 40 times), label smoothing (0.1), mixup
(α = 0.4), and cleaning: `onionskin clean` judges every label with models that have not seen it (confident learning,
five folds), and the labels that it suspects are left out.

Memorising is the share of the wrong labels that the network gives back, over the course of the training. It learns
what is general first, and the wrong labels one by one later.

Papers: Zhang and others (2017), "Understanding deep learning requires rethinking generalization", arXiv 1611.03530;
Arpit and others (2017), "A closer look at memorization in deep networks", arXiv 1706.05394; Northcutt, Jiang & Chuang
(2021), "Confident learning", arXiv 1911.00068; Zhang and others (2018), mixup, arXiv 1710.09412.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from onionskin.lab import charts
from onionskin.lab.answer import Answer, Chart
from onionskin.lab.question import Arm, Measure
from onionskin.lab.questions._lesson import lesson
from onionskin.lab.questions._mixup import mixup
from onionskin.lab.questions._parts import everything, parts
from onionskin.lab.questions._verdict import all_of, within
from onionskin.lab.questions.double_descent import mislabelled
from onionskin.lab.results import Results
from onionskin.lab.trial import run_folder

CLAIM = (
    "20 % wrong labels cost a network that is trained to the end at least 5 points, and it has more than 90 % of the "
    "wrong labels by heart; at 40 %, stopping early, mixup and cleaning each give back at least 5 points."
)
COST = 150
CHANGES = (
    "Mistakes that are not random (a person takes a 7 for a 1, not for a 0) are harder to find and to resist; a small "
    "network cannot know labels by heart; with many more examples random mistakes average out."
)

#: Shares of the training at which it is looked at.
MOMENTS: Final = tuple((i + 1) / 40 for i in range(40))
SHOWN: Final = MOMENTS[::4] + MOMENTS[-1:]

MEASURES: Final = {
    "accuracy": Measure("share", "test accuracy, right labels", precision=0.01),
    "memorised": Measure("share", "wrong training labels that it gives back"),
    "found": Measure("share", "wrong labels that cleaning suspected"),
    "rightly suspected": Measure("share", "suspected labels that are wrong"),
    "stopped": Measure("share", "of the training, when it was stopped"),
    "rate": Measure("", "learning rate that was taken"),
    **{f"accuracy at {m:.1%}": Measure("share", f"test accuracy after {m:.1%} of the training") for m in SHOWN},
    **{f"memorised at {m:.1%}": Measure("share", f"wrong labels known after {m:.1%} of the training") for m in SHOWN},
    **{f"learned at {m:.1%}": Measure("share", f"right labels known after {m:.1%} of the training") for m in SHOWN},
}

#: The arms by what is done about it.
PLAIN: Final = "nothing"
WAYS: Final = (PLAIN, "early stopping", "label smoothing", "mixup", "cleaning")

#: The share of wrong labels at which the ways are compared.
COMPARED: Final = 0.4


def arms(is_quick: bool) -> list[Arm]:
    """Return every way at every share of wrong labels; in a quick run the ways at one share alone."""
    found = []
    for noise in (0.0, 0.2, COMPARED) if is_quick else (0.0, 0.1, 0.2, 0.4, 0.6):
        for way in WAYS:
            if way == PLAIN or not is_quick or noise == COMPARED:
                size = {"examples": 400, "steps": 600} if is_quick else {"examples": 1000, "steps": 1500}
                rates = (0.01,) if is_quick else (0.004, 0.016)
                settings = {"way": way, "noise": noise, "rates": rates, **size}
                needs = ("cleanlab",) if way == "cleaning" else ()
                found.append(Arm(_name(way, noise), settings, needs=needs))
    return found


def _name(way: str, noise: float) -> str:
    return f"{way}, {100 * noise:.0f} % wrong"


def warm(arm: Arm) -> None:
    """Load the digits."""
    everything("digits")


@dataclass
class _Course:
    """What a training was like at each moment."""

    held: list[float] = field(default_factory=list)
    test: list[float] = field(default_factory=list)
    memorised: list[float] = field(default_factory=list)
    learned: list[float] = field(default_factory=list)

    def best(self, *, stops: bool) -> int:
        """Return the moment that is taken: the last one, or the first with the best held-out accuracy."""
        return int(np.argmax(self.held)) if stops else len(self.held) - 1


def measure(arm: Arm, seed: int) -> dict[str, float]:
    """Train on noisy labels in one way."""
    digits = parts("digits", seed, train=arm["examples"], held=200, test=500)
    x, held_x, test_x = (part.flatten(1) for part in (digits.x, digits.held_x, digits.test_x))
    y, held_y = mislabelled(digits.y, arm["noise"], seed), mislabelled(digits.held_y, arm["noise"], seed + 1000)
    is_wrong = y != digits.y
    kept, numbers = torch.ones(len(y), dtype=torch.bool), {}
    if arm["way"] == "cleaning":
        kept = ~suspected(x, y, seed)
        numbers["found"] = _share(~kept[is_wrong])
        numbers["rightly suspected"] = _share(is_wrong[~kept])
    courses = []
    for rate in arm["rates"]:
        torch.manual_seed(seed)
        model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
        course, looks = _Course(), {round(m * arm["steps"]) for m in MOMENTS}

        def look(step: int, model: nn.Module = model, course: _Course = course, looks: set[int] = looks) -> None:
            if step in looks:
                known = model(x).argmax(1) == y
                course.held.append(_share(model(held_x).argmax(1) == held_y))
                course.test.append(_share(model(test_x).argmax(1) == digits.test_y))
                course.memorised.append(_share(known[is_wrong]))
                course.learned.append(_share(known[~is_wrong]))

        is_shown = seed == 0 and rate == arm["rates"][-1] and arm.name == _name(PLAIN, COMPARED)
        run = run_folder() if is_shown else None
        lesson(model, x[kept], y[kept], steps=arm["steps"], rate=rate, seed=seed, look=look, run=run,
               change=mixup if arm["way"] == "mixup" else None,
               smoothing=0.1 if arm["way"] == "label smoothing" else 0.0)  # fmt: skip
        courses.append((course, rate))
    stops = arm["way"] == "early stopping"
    course, rate = max(courses, key=lambda one: one[0].held[one[0].best(stops=stops)])
    moment = course.best(stops=stops)
    for name, values in (("accuracy", course.test), ("memorised", course.memorised), ("learned", course.learned)):
        numbers |= {f"{name} at {m:.1%}": values[i] for i, m in enumerate(MOMENTS) if m in SHOWN}
    numbers |= {"accuracy": course.test[moment], "memorised": course.memorised[moment], "stopped": MOMENTS[moment]}
    numbers["rate"] = rate
    return {name: value for name, value in numbers.items() if math.isfinite(value)}


def _share(which: Tensor) -> float:
    return float(which.float().mean()) if len(which) else math.nan


def suspected(x: Tensor, y: Tensor, seed: int) -> Tensor:
    """Return which labels Onionskin suspects, (n,), as ``onionskin clean`` does for a table of pixels."""
    import pandas as pd

    import onionskin as osk
    from onionskin.learn.suspects import suspicions

    table = pd.DataFrame(x.numpy(), columns=[f"pixel {i}" for i in range(x.shape[1])])
    table["label"] = [f"digit {int(label)}" for label in y]
    found = suspicions(osk.table(table, target="label", seed=seed).domain, seed=seed)
    rows = [suspect.row for suspect in found.suspects if suspect.issue == "label"]
    return torch.isin(torch.arange(len(y)), torch.tensor(rows, dtype=torch.long))


def answer(results: Results) -> Answer:
    """Say what wrong labels cost, how many are known by heart, and what each way gives back."""
    said: list[str] = []
    holds: list[bool | None] = []
    clean = _name(PLAIN, 0.0)
    for noise in (0.2, COMPARED):
        plain = _name(PLAIN, noise)
        if plain in results and clean in results:
            cost = results.difference(plain, clean, "accuracy")
            memorised = results.middle(plain, "memorised")
            said.append(
                f"{100 * noise:.0f} % wrong labels bring accuracy from {results.said(clean, 'accuracy')} to "
                f"{results.said(plain, 'accuracy')}, with {100 * memorised.value:.0f} % of them known by heart"
            )
            if noise == 0.2:
                holds += [within(cost.interval, high=-0.05), within(memorised, 0.9)]
    plain, gains = _name(PLAIN, COMPARED), {}
    for way in WAYS[1:]:
        if _name(way, COMPARED) in results and plain in results:
            gains[way] = results.difference(_name(way, COMPARED), plain, "accuracy")
            if way != "label smoothing":
                holds.append(within(gains[way].interval, 0.05))
    if gains:
        reached = (f"{way} {results.said(_name(way, COMPARED), 'accuracy')}" for way in gains)
        said.append(f"what is done about {100 * COMPARED:.0f} % brings it to: {', '.join(reached)}")
    rule = (
        "Look at the held-out curve: where it falls while the training curve rises, labels are being learned by heart."
    )
    if gains:
        best = max(gains, key=lambda way: gains[way].interval.value)
        if gains[best].differs and gains[best].interval.value > 0:
            rule = f"Of wrong labels the network learns the rule first and the mistakes later; {best} helped most here."
    return Answer(
        sentence="; ".join(said) + "." if said else "There is nothing to compare with.",
        rule=rule,
        charts=[_by_noise(results), *_courses(results)],
        claim_holds=all_of(*holds),
        notes=_cleaned(results),
    )


def _cleaned(results: Results) -> list[str]:
    arm = _name("cleaning", COMPARED)
    if arm not in results:
        return []
    return [f"With {100 * COMPARED:.0f} % wrong labels, cleaning suspected {results.said(arm, 'found')} of them; "
            f"{results.said(arm, 'rightly suspected')} of what it suspected was wrong."]  # fmt: skip


def _by_noise(results: Results) -> Chart:
    rows = []
    for arm in results.arms:
        found = results.middle(arm.name, "accuracy")
        rows.append({"x": 100 * arm["noise"], "y": found.value, "low": found.low, "high": found.high,
                     "series": arm["way"]})  # fmt: skip
    return charts.lines(rows, "Test accuracy by wrong labels", "wrong labels (%)", "test accuracy", by="what is done")


def _courses(results: Results) -> list[Chart]:
    plain = [arm for arm in results.arms if arm.name == _name(PLAIN, COMPARED)]
    kinds = (("learned", "right labels known"), ("memorised", "wrong labels known"), ("accuracy", "test accuracy"))
    rows: list[dict[str, Any]] = []
    for arm in plain:
        for name, series in kinds:
            for m in SHOWN:
                found = results.middle(arm.name, f"{name} at {m:.1%}")
                if found.count:
                    rows.append({"x": round(m * arm["steps"]), "y": found.value, "series": series})
    title = f"What is learned when: {100 * COMPARED:.0f} % wrong labels"
    return [charts.lines(rows, title, "step", "share")] if rows else []
