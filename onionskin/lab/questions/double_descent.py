"""Can a model be too large, and why do huge ones work?

Random features: 300 digits of 8 × 8 pixels, 20 % of them with a wrong label, pass through a layer of random weights
and ReLU that is never trained; on its features a linear layer is fitted to the ten classes by least squares, exactly.
Where there are more features than digits many layers fit the training labels, wrong ones included, and the shortest
is taken. The number of features goes from 10 to 3,000; the error is that on 1,000 test digits with right labels. It
is done again with ridge regression, which also wants short weights: with the same strength for all sizes, and for
each size with the best of eight strengths, chosen by five-fold cross-validation on the 300 noisy digits.

Trained networks, in a full run: perceptrons with one hidden layer of 2 to 200 ReLU units on the same digits, with
Adam, 3,000 steps of 100 digits and a rate that falls to zero. There the peak is expected where the network becomes
just able to learn all labels by heart: its parameters are then of the order of 300 × 10.

Papers: Belkin, Hsu, Ma & Mandal (2019), "Reconciling modern machine-learning practice and the classical bias–variance
trade-off", arXiv 1812.11118; Nakkiran and others (2019), "Deep double descent", arXiv 1912.02292; Nakkiran and others
(2020), "Optimal regularization can mitigate double descent", arXiv 2003.01897.
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
from onionskin.lab.questions._compared import sentence
from onionskin.lab.questions._lesson import accuracy, lesson
from onionskin.lab.questions._parts import everything, parts
from onionskin.lab.questions._verdict import all_of, within
from onionskin.lab.results import Results
from onionskin.lab.statistics import Interval, interval
from onionskin.lab.trial import run_folder

CLAIM = (
    "Without ridge, the test error peaks where there are as many features as examples, at least 20 points above the "
    "error of ten times as many features; with ridge of the best strength the peak is gone (no size is 3 points worse "
    "than a smaller one); the trained perceptrons show a bump too, of at least 2 points."
)
COST = 150
SEEDS = 5
CHANGES = (
    "Clean labels make the peak smaller; a small fixed ridge, early stopping or data augmentation hide it; deep "
    "networks with much label noise show it plainly."
)

EXAMPLES: Final = 300
WRONG: Final = 0.2
WIDTHS: Final = (10, 20, 40, 80, 120, 160, 200, 240, 270, 300, 330, 360, 420, 500, 700, 1000, 1500, 3000)
HIDDEN: Final = (2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 100, 200)
STRENGTHS: Final = tuple(10.0**k for k in range(-4, 4))

#: The same for all sizes, in the unit of the features' mean squares times the number of examples.
FIXED: Final = 0.01

MEASURES: Final = {
    "error": Measure("share", "lowest test error of any size", precision=0.01),
    "peak": Measure("share", "highest test error from half as many features as examples to twice as many"),
    "largest": Measure("share", "test error of the largest size"),
    "place": Measure("", "size with the highest error from half as many features as examples to twice as many"),
    "rise": Measure("share", "how much worse a size is than a smaller one, at most"),
    **{f"error at {w}": Measure("share", f"test error with {w} features or hidden units")
       for w in sorted({*WIDTHS, *HIDDEN})},
    **{f"training error at {w}": Measure("share", f"error on the noisy training labels with {w} features or units")
       for w in sorted({*WIDTHS, *HIDDEN})},
}  # fmt: skip

RIDGES: Final = {"no ridge": 0.0, "fixed ridge": FIXED, "best ridge": math.nan}


def arms(is_quick: bool) -> list[Arm]:
    """Return random features with and without ridge, and, in a full run, trained perceptrons."""
    found = [Arm(name, {"widths": (*WIDTHS[::2], 300) if is_quick else WIDTHS}) for name in RIDGES]
    return found if is_quick else [*found, Arm("trained perceptron", {"widths": HIDDEN, "steps": 1500, "rate": 0.01})]


def warm(arm: Arm) -> None:
    """Load the digits."""
    everything("digits")


def measure(arm: Arm, seed: int) -> dict[str, float]:
    """Fit every size to the same noisy digits."""
    digits = parts("digits", seed, train=EXAMPLES, held=0, test=1000)
    x, test_x = digits.x.flatten(1), digits.test_x.flatten(1)
    y = mislabelled(digits.y, WRONG, seed)
    test, train = {}, {}
    for width in sorted(set(arm["widths"])):
        torch.manual_seed(1000 * seed + width)
        if "steps" in arm.settings:
            net = nn.Sequential(nn.Linear(64, width), nn.ReLU(), nn.Linear(width, 10))
            run = run_folder() if seed == 0 and width == arm["widths"][-1] else None
            lesson(net, x, y, steps=arm["steps"], rate=arm["rate"], batch=100, seed=seed, run=run)
            test[width], train[width] = 1 - accuracy(net, test_x, digits.test_y), 1 - accuracy(net, x, y)
        else:
            test[width], train[width] = _random_features(x, y, test_x, digits.test_y, width, RIDGES[arm.name])
    around = [w for w in test if EXAMPLES / 2 <= w <= 2 * EXAMPLES] or list(test)
    place = max(around, key=lambda w: test[w])
    errors = [test[w] for w in sorted(test)]
    return {
        "error": min(errors),
        "peak": test[place],
        "place": float(place),
        "largest": errors[-1],
        "rise": max(error - min(errors[: i + 1]) for i, error in enumerate(errors)),
        **{f"error at {w}": error for w, error in test.items()},
        **{f"training error at {w}": error for w, error in train.items()},
    }


def mislabelled(y: Tensor, share: float, seed: int) -> Tensor:
    """Return labels of which a share is another class, each of the nine others equally likely."""
    random = np.random.default_rng([seed, 2])
    rows = random.permutation(len(y))[: round(share * len(y))]
    wrong = y.clone()
    wrong[rows] = (y[rows] + torch.from_numpy(random.integers(1, 10, len(rows)))) % 10
    return wrong


def _random_features(
    x: Tensor, y: Tensor, test_x: Tensor, test_y: Tensor, width: int, ridge: float
) -> tuple[float, float]:
    """Return the errors on test and training digits; the ridge NaN is the best of all strengths."""
    weights = torch.randn(64, width, dtype=torch.float64) / 8
    bias = torch.rand(width, dtype=torch.float64) * 2 - 1
    f, g = ((part.double() @ weights + bias).relu() for part in (x, test_x))
    wanted = one_hot(y, 10).double() - 0.1
    unit = float((f**2).mean()) * len(f)
    if math.isnan(ridge):
        ridge = min(STRENGTHS, key=lambda strength: _cross_validated(f, wanted, y, strength * unit))
    layer = solved(f, wanted, ridge * unit)
    return (float(((g @ layer).argmax(1) != test_y).float().mean()), float(((f @ layer).argmax(1) != y).float().mean()))


def solved(f: Tensor, wanted: Tensor, ridge: float) -> Tensor:
    """Return the linear layer with the least squared error plus ridge × its squared length; of ridge 0 the shortest.

    Args:
        f: (n, features) inputs.
        wanted: (n, outputs).
        ridge: At least 0.
    """
    u, s, v = torch.linalg.svd(f, full_matrices=False)
    # Directions of no length have nothing to say; without a ridge they would be divided by.
    inverse = torch.where(s > 1e-10 * s[0], s / (s**2 + ridge), 0.0)
    layer: Tensor = v.T @ (inverse[:, None] * (u.T @ wanted))
    return layer


def _cross_validated(f: Tensor, wanted: Tensor, y: Tensor, ridge: float) -> float:
    """Return the error in five folds of one solution each, all out of one matrix.

    It is exact: what a fold would be told by the others is its own answer, corrected by the block of the hat matrix.
    """
    gram = f @ f.T
    hat = torch.linalg.solve(gram + ridge * torch.eye(len(f), dtype=f.dtype), gram)
    residual = wanted - hat @ wanted
    wrong = 0
    for rows in torch.split(torch.arange(len(f)), len(f) // 5):
        block = torch.eye(len(rows), dtype=f.dtype) - hat[rows][:, rows]
        foretold = wanted[rows] - torch.linalg.solve(block, residual[rows])
        wrong += int((foretold.argmax(1) != y[rows]).sum())
    return wrong / len(f)


def answer(results: Results) -> Answer:
    """Say where the peak is, how high, and what ridge makes of it."""
    said: list[str] = []
    holds: list[bool | None] = []
    if "no ridge" in results:
        place = results.value("no ridge", "place")
        fall = _apart(results, "no ridge", "peak", "largest")
        said.append(
            f"without ridge the test error is {results.said('no ridge', 'peak')} at its peak ({place:.0f} features on "
            f"average, for {EXAMPLES} examples) and {results.said('no ridge', 'largest')} with the most features"
        )
        holds += [within(fall, 0.2), 0.9 <= place / EXAMPLES <= 1.1]
        for name in ("fixed ridge", "best ridge"):
            if name in results:
                results.difference(name, "no ridge", "peak")
                results.difference(name, "no ridge", "largest")
    if "best ridge" in results:
        rise = 100 * results.value("best ridge", "rise")
        said.append(f"with the best ridge it is {results.said('best ridge', 'peak')} there, and no size is more than "
                    f"{rise:.1f} points worse than a smaller one")  # fmt: skip
        holds.append(within(results.middle("best ridge", "rise"), high=0.03))
    if "trained perceptron" in results:
        rise = 100 * results.value("trained perceptron", "rise")
        said.append(f"the trained perceptrons' error rises by at most {rise:.1f} points from a size to a larger one")
        holds.append(within(results.middle("trained perceptron", "rise"), 0.02))
    else:
        holds.append(None)
    return Answer(
        sentence=sentence(said),
        rule="A model that can just learn everything by heart is the worst size: take a smaller or a much larger one, "
        "or regularise.",
        charts=_charts(results),
        claim_holds=all_of(*holds),
    )


def _apart(results: Results, arm: str, one: str, other: str) -> Interval:
    first, second = results.by_seed(arm, one), results.by_seed(arm, other)
    return interval(np.array([first[seed] - second[seed] for seed in first if seed in second]), "score")


def _charts(results: Results) -> list[Chart]:
    ridged = [arm for arm in results.arms if arm.name in RIDGES]
    trained = [arm for arm in results.arms if arm.name not in RIDGES]
    drawn = []
    if ridged:
        rows = [row for arm in ridged for row in _line(results, arm, "error", arm.name)]
        drawn.append(charts.lines(rows, f"Test error of random features, {EXAMPLES} examples", "features", "test error",
                                  log_x=True))  # fmt: skip
    if trained:
        kinds = (("error", "test"), ("training error", "training, noisy labels"))
        rows = [row for arm in trained for what, series in kinds for row in _line(results, arm, what, series)]
        drawn.append(charts.lines(rows, "Error of trained perceptrons", "hidden units", "error", log_x=True))
    return drawn


def _line(results: Results, arm: Arm, what: str, series: str) -> Sequence[dict[str, Any]]:
    rows = []
    for width in sorted(set(arm["widths"])):
        found = results.middle(arm.name, f"{what} at {width}")
        if found.count:
            low, high = max(0.0, found.low), min(1.0, found.high)  # an error is a share
            rows.append({"x": width, "y": found.value, "low": low, "high": high, "series": series})
    return rows
