"""What does normalisation do?

Five convolutions and a last layer learn scanned digits of 8 × 8 pixels by plain SGD (no momentum), behind each
convolution one of: nothing, BatchNorm, LayerNorm over all channels and places of an example, GroupNorm with four
groups. All begin with the same first weights of a seed (He's), see the same batches, and are trained at learning rates
of 0.05, 0.5 and 2 for the same number of steps of 32 examples. Then once more with batches of 2 and a learning rate of
0.05, for five times the steps: BatchNorm's mean and deviation are then those of two examples, and the running averages
that it answers with later are those of such pairs. Accuracy is that of test digits in eval mode. Answers that are not
numbers any more count as wrong, so that a training that blew up may be below chance.

BatchNorm: Ioffe & Szegedy (2015), arXiv 1502.03167. LayerNorm: Ba, Kiros & Hinton (2016), arXiv 1607.06450. GroupNorm:
Wu & He (2018), arXiv 1803.08494, whose figure 1 shows what small batches do to BatchNorm. Why it helps is disputed:
Santurkar et al. (2018), arXiv 1805.11604, find a smoother loss, not less "covariate shift".
"""

from __future__ import annotations

import math
from typing import Any, Final

from torch import nn

from onionskin.lab import charts
from onionskin.lab.answer import Answer
from onionskin.lab.question import Arm, Measure
from onionskin.lab.questions._descent import accuracy, descend
from onionskin.lab.questions._pictures import pictures
from onionskin.lab.questions._verdict import alike, all_of, more
from onionskin.lab.results import Results
from onionskin.lab.statistics import Comparison
from onionskin.lab.trial import run_folder

NORMS: Final = ("none", "BatchNorm", "LayerNorm", "GroupNorm")
RATES: Final = (0.05, 0.5, 2.0)
SMALL_BATCH: Final = ("none", "BatchNorm", "LayerNorm")

CLAIM = (
    "With any of the three norms the network learns at learning rates 40 times apart (0.05 to 2, above 80 %); without "
    "one it does not at 2. At batches of 32 the norms end within 5 points of each other at a rate of 0.5. At batches "
    "of 2, BatchNorm is worse than LayerNorm."
)
COST = 180
CHANGES = (
    "A deeper network (without a norm it fails at smaller rates), shortcuts, Adam, warm-up of the learning rate; "
    "larger maps, from which BatchNorm has more values to average even in a batch of 2."
)
SEEDS = 5
MEASURES = {
    "accuracy": Measure("share", "test accuracy", precision=0.02),
    "loss": Measure("", "training loss at the end"),
}


def arms(is_quick: bool) -> list[Arm]:
    """Return every norm at every rate, and some with batches of two."""
    steps = 25 if is_quick else 300
    full = [
        Arm(_name(norm, rate), {"norm": norm, "rate": rate, "batch": 32, "steps": steps})
        for norm in NORMS
        for rate in RATES
    ]
    small = [
        Arm(_name(norm, 0.05, 2), {"norm": norm, "rate": 0.05, "batch": 2, "steps": 5 * steps}) for norm in SMALL_BATCH
    ]
    return full + small


def _name(norm: str, rate: float, batch: int = 32) -> str:
    return f"{norm}, rate {rate:g}" + (f", batches of {batch}" if batch != 32 else "")


def warm(arm: Arm) -> None:
    """Load the digits."""
    pictures("digits")


def measure(arm: Arm, seed: int) -> dict[str, float]:
    """Train once, and ask the test digits."""
    digits = pictures("digits")
    net = network(arm["norm"])
    run = run_folder() if seed == 0 and arm["rate"] == 0.5 else None
    loss = descend(
        net, digits.x, digits.y, steps=arm["steps"], rate=arm["rate"], batch=arm["batch"], momentum=0.0, run=run,
        every=10,
    )  # fmt: skip
    return {"accuracy": accuracy(net, digits.test_x, digits.test_y), "loss": loss}


def network(norm: str) -> nn.Sequential:
    """Return the network; its first weights come out of the same stream of random numbers for every norm."""
    layers: list[nn.Module] = []
    before = 1
    for channels, stride in ((16, 1), (16, 2), (32, 1), (32, 2), (32, 1)):
        convolution = nn.Conv2d(before, channels, 3, stride=stride, padding=1)
        nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
        layers += [convolution, *normaliser(norm, channels), nn.ReLU()]
        before = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, 10))


def normaliser(norm: str, channels: int) -> list[nn.Module]:
    """Return the layer; LayerNorm of a picture is GroupNorm with one group, with a scale and a shift a channel."""
    made: dict[str, list[nn.Module]] = {
        "none": [],
        "BatchNorm": [nn.BatchNorm2d(channels)],
        "LayerNorm": [nn.GroupNorm(1, channels)],
        "GroupNorm": [nn.GroupNorm(4, channels)],
    }
    return made[norm]


def answer(results: Results) -> Answer:
    """Say up to which rate each learned, and what batches of two did."""
    parts = []
    for norm in NORMS:
        at = [
            f"{results.said(_name(norm, rate), 'accuracy')} at {rate:g}"
            for rate in RATES
            if _name(norm, rate) in results
        ]
        if at:
            parts.append(f"{norm} {', '.join(at)}")
    pair = results.difference(_name("LayerNorm", 0.05, 2), _name("BatchNorm", 0.05, 2), "accuracy")
    rows: list[dict[str, Any]] = [
        {"x": f"{rate:g}", "y": norm, "value": results.value(_name(norm, rate), "accuracy")}
        for norm in NORMS
        for rate in RATES
    ]
    rows += [
        {"x": "0.05, batches of 2", "y": n, "value": results.value(_name(n, 0.05, 2), "accuracy")} for n in SMALL_BATCH
    ]
    rows = [row for row in rows if math.isfinite(row["value"])]
    return Answer(
        f"Accuracy by learning rate: {'; '.join(parts)}. At batches of 2, LayerNorm − BatchNorm: {pair}.",
        f"Of the norms, {_widest(results)} bears the widest range of learning rates here. Take BatchNorm for batches "
        "of 16 and more; GroupNorm or LayerNorm where batches are small or examples differ in length.",
        [
            charts.heat(rows, "Test accuracy", "learning rate", "norm", "accuracy", labels=".0%"),
            charts.bars(results, "accuracy", "Test accuracy, with intervals"),
        ],
        _holds(results, pair),
    )


def _widest(results: Results) -> str:
    """Return the norm whose accuracy, averaged over the learning rates, is the highest."""
    means = {n: sum(results.value(_name(n, rate), "accuracy") for rate in RATES) / len(RATES) for n in NORMS[1:]}
    return max(means, key=lambda norm: means[norm])


def _holds(results: Results, pair: Comparison) -> bool | None:
    if not all(_name(norm, rate) in results for norm in NORMS for rate in RATES):
        return None
    least = [results.middle(_name(norm, rate), "accuracy") for norm in NORMS[1:] for rate in RATES]
    learned = None if any(i.low < 0.8 < i.high for i in least) else all(i.low >= 0.8 for i in least)
    between = [results.difference(a, b, "accuracy") for a, b in (
        (_name("BatchNorm", 0.5), _name("LayerNorm", 0.5)), (_name("BatchNorm", 0.5), _name("GroupNorm", 0.5)),
        (_name("LayerNorm", 0.5), _name("GroupNorm", 0.5)))]  # fmt: skip
    return all_of(
        learned,
        more(results.difference(_name("GroupNorm", 2.0), _name("none", 2.0), "accuracy"), than=0.3),
        *(alike(found, within=0.05) for found in between),
        more(pair),
    )
