"""How much do more data help?

Logistic regression, a perceptron of 128 hidden units and a LeNet are trained on more and more MNIST digits: up to
3,200 are from the 5,000 of `mnist`, more from all 70,000 of `mnist_full`, which a full run fetches. All are trained
with Adam and a rate that falls to zero, for at least 500 steps and at least three times through the data (150 and one
and a half in a quick run); each takes the best of its learning rates by its accuracy on 300 held-out digits. The
error is the share of other digits that it gets wrong: of 1,200, or of 5,000 where there are 70,000.

To the errors a law is fitted, error = a × n^−b + c: a straight line of slope −b on logarithmic axes, which bends
where it comes near c, what no number of such examples would mend. For each c of a grid, a and b are a line through
the logarithms of error − c; the c is taken whose curve is nearest to the logarithms of the errors. The interval of b
is a bootstrap: seeds are drawn again, and the test digits as well.

A law is worth what it foretells: it is also fitted without the largest size (without all of more than 3,200, where
there are such), and its error there is compared with the measured one.

Papers: Cortes and others (1993), "Learning curves: asymptotic values and rate of convergence"; Hestness and others
(2017), "Deep learning scaling is predictable, empirically", arXiv 1712.00409.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import altair as alt
import numpy as np
import numpy.typing as npt
import torch

from onionskin.errors import OnionskinError
from onionskin.lab import charts
from onionskin.lab.answer import Answer, Chart
from onionskin.lab.question import Arm, Measure, Skip
from onionskin.lab.questions._compared import sentence
from onionskin.lab.questions._lesson import accuracy, lesson
from onionskin.lab.questions._parts import everything, parts
from onionskin.lab.questions._stack import Stack
from onionskin.lab.questions._update_rules import adam
from onionskin.lab.questions._verdict import all_of
from onionskin.lab.results import Results
from onionskin.lab.statistics import Interval
from onionskin.lab.trial import run_folder
from onionskin.models.lenet import LeNet

CLAIM = (
    "The error falls as a power of the number of examples, with an exponent between 0.3 and 0.8 for the LeNet, which "
    "is larger than that of logistic regression; from the smaller sizes, the error of a LeNet at the largest is "
    "foretold within a factor of 1.5."
)
COST = 240
CHANGES = (
    "Harder pictures (the floor c is then higher), pretrained features or augmentation (a is then smaller), a model "
    "whose size grows with the data."
)
MEASURES: Final = {
    "error": Measure("share", "test error", precision=0.01),
    "rate": Measure("", "learning rate that was taken"),
}
MODELS: Final = ("logistic", "MLP", "LeNet")

#: Of the part that is at hand, and so many are trained on at most.
AT_HAND: Final = 3200
RESAMPLES: Final = 200

#: Grid of floors, as shares of the lowest error; and the exponent that no learning curve is above.
FLOORS: Final = np.linspace(0, 0.95, 39)

Values = npt.NDArray[np.float64]


def arms(is_quick: bool) -> list[Arm]:
    """Return every model on every number of examples."""
    sizes = (25, 100, 400, 1600) if is_quick else (25, 50, 100, 200, 400, 800, 1600, 3200, 12_800, 51_200)
    settings = {"fewest": 120, "epochs": 1.5} if is_quick else {"fewest": 500, "epochs": 3.0}
    rates = {"logistic": (0.001, 0.01), "MLP": (0.001, 0.004), "LeNet": (0.003,) if is_quick else (0.001, 0.004)}
    return [Arm(_name(model, n), {"model": model, "n": n, "rates": rates[model], **settings})
            for model in MODELS for n in sizes]  # fmt: skip


def _name(model: str, n: int) -> str:
    return f"{model}, {n:,}"


def warm(arm: Arm) -> None:
    """Load the digits, and all of them where an arm needs so many."""
    try:
        everything(_source(arm["n"]))
    except OnionskinError as error:
        raise Skip(str(error)) from error


def _source(n: int) -> str:
    return "mnist" if n <= AT_HAND else "mnist_full"


def measure(arm: Arm, seed: int) -> dict[str, float]:
    """Train a model on so many digits, at its best rate, and count its errors."""
    warm(arm)
    n, rates = arm["n"], arm["rates"]
    digits = parts(_source(n), seed, train=n, held=300, test=tests(n))
    batch = 32 if n <= AT_HAND else 64
    steps = max(arm["fewest"], round(arm["epochs"] * n / batch))
    if arm["model"] == "LeNet":
        tried = []
        for rate in rates if n <= AT_HAND else rates[-1:]:
            torch.manual_seed(seed)
            run = run_folder() if seed == 0 and n == 1600 and rate == rates[-1] else None
            model = lesson(LeNet(), digits.x, digits.y, steps=steps, rate=rate, batch=batch, seed=seed, run=run)
            tried.append((accuracy(model, digits.held_x, digits.held_y), rate, model))
        _, rate, model = max(tried, key=lambda one: one[0])
        return {"error": 1 - accuracy(model, digits.test_x, digits.test_y), "rate": rate}
    stack = Stack(rates, 28 * 28, 128 if arm["model"] == "MLP" else 0, 10, rule=adam)
    first, order = stack.rates.clone(), torch.Generator().manual_seed(seed)
    x = digits.x.flatten(1)
    for step in range(steps):
        stack.rates = first * (1 - step / steps)
        rows = torch.randint(n, (batch,), generator=order)
        stack.step(x[rows], digits.y[rows])
    best = int(stack.tested(digits.held_x.flatten(1), digits.held_y)[1].argmax())
    right = stack.tested(digits.test_x.flatten(1), digits.test_y)[1][best]
    return {"error": 1 - float(right), "rate": rates[best]}


def tests(n: int) -> int:
    """Return how many digits are tested with."""
    return 1200 if n <= AT_HAND else 5000


@dataclass(frozen=True)
class Law:
    """error = a × n^−b + c."""

    a: float
    b: float
    c: float

    def at(self, n: float) -> float:
        """Return the error that it foretells."""
        return float(self.a * n**-self.b + self.c)


def fitted(n: Values, errors: Values) -> Law:
    """Return the law that is nearest to errors on a logarithmic scale.

    Args:
        n: (k,) numbers of examples, at least three.
        errors: (k,) positive.
    """
    floors = FLOORS[:, None] * errors.min()
    x, y = np.log(n), np.log(errors - floors)
    slope = ((x - x.mean()) * (y - y.mean(1, keepdims=True))).sum(1) / ((x - x.mean()) ** 2).sum()
    start = y.mean(1) - slope * x.mean()
    off = np.log(np.exp(start[:, None] + slope[:, None] * x) + floors) - np.log(errors)
    k = int((off**2).sum(1).argmin())
    return Law(float(np.exp(start[k])), float(-slope[k]), float(floors[k, 0]))


def answer(results: Results) -> Answer:
    """Fit the laws, and say how well each foretells its last error."""
    said, holds, rows, table = [], [], [], []
    laws: dict[str, Interval] = {}
    for model in MODELS:
        arms = sorted((arm for arm in results.arms if arm["model"] == model), key=lambda arm: arm["n"])
        if len(arms) < 4:
            continue
        n, errors = _errors(results, arms)
        law = fitted(n, errors)
        laws[model] = _exponent(results, arms, law)
        small = n <= AT_HAND if n[-1] > AT_HAND else n < n[-1]
        foretold = fitted(n[small], errors[small]).at(n[-1])
        factor = max(foretold / errors[-1], errors[-1] / foretold)
        said.append(
            f"{model}: error {100 * errors[-1]:.1f} % at {n[-1]:,.0f} examples, exponent {law.b:.2f} "
            f"({laws[model].low:.2f} to {laws[model].high:.2f}), foretold from at most {n[small][-1]:,.0f}: "
            f"{100 * foretold:.1f} %"
        )
        table.append({"model": model, "a": f"{law.a:.2g}", "b": f"{law.b:.2f}", "c": f"{100 * law.c:.2g} %",
                      "foretold": f"{100 * foretold:.2g} %", "measured": f"{100 * errors[-1]:.2g} %",
                      "off by": f"{factor:.2f} ×"})  # fmt: skip
        if model == "LeNet":
            holds.append(factor <= 1.5 if laws[model].count > 1 else None)
        rows += [{"x": float(size), "y": float(error), "series": model, "kind": "measured"}
                 for size, error in zip(n, errors, strict=True)]  # fmt: skip
        line = np.geomspace(n[0], n[-1], 30)
        rows += [{"x": float(size), "y": law.at(size), "series": model, "kind": "law"} for size in line]
    if "LeNet" in laws and "logistic" in laws:
        net, plain = laws["LeNet"], laws["logistic"]
        holds.append(None if net.count < 2 else 0.3 <= net.value <= 0.8)
        apart = net.low > plain.high or plain.low > net.high
        holds.append(net.value > plain.value if apart else None)
    return Answer(
        sentence=sentence(said),
        rule=_rule(laws),
        charts=[_chart(rows)] if rows else [],
        claim_holds=all_of(*holds),
        tables={"Laws: error = a × n^−b + c": table} if table else None,
    )


def _rule(laws: dict[str, Interval]) -> str:
    if not laws:
        return "Train on a half, a quarter and an eighth of the data, and draw the line."
    model = max(laws, key=lambda name: laws[name].value)
    return (
        f"Ten times the data divide the error of a {model} by about {10 ** laws[model].value:.1f} while it is far from "
        "its floor: train on an eighth, a quarter and a half, and draw the line before more are gathered."
    )


def _errors(results: Results, arms: Sequence[Arm]) -> tuple[Values, Values]:
    """Return sizes and mean errors; none is below half a test digit, which has a logarithm."""
    n = np.array([arm["n"] for arm in arms], np.float64)
    errors = np.array([max(results.value(arm.name, "error"), 0.5 / tests(arm["n"])) for arm in arms])
    return n, errors


def _exponent(results: Results, arms: Sequence[Arm], law: Law) -> Interval:
    """Return the exponent with its bootstrap interval over seeds and test digits."""
    by_seed = [results.by_seed(arm.name, "error") for arm in arms]
    seeds = sorted(set.intersection(*(set(found) for found in by_seed)))
    if not seeds:
        return Interval(law.b, law.b, law.b, 0)
    n = np.array([arm["n"] for arm in arms], np.float64)
    table = np.array([[found[seed] for found in by_seed] for seed in seeds])
    counts = np.array([tests(arm["n"]) for arm in arms])
    random = np.random.default_rng(0)
    slopes = []
    for _ in range(RESAMPLES):
        drawn = table[random.integers(0, len(seeds), len(seeds))]
        errors = random.binomial(counts, drawn.clip(0, 1)).mean(0) / counts
        slopes.append(fitted(n, np.maximum(errors, 0.5 / counts)).b)
    low, high = np.quantile(slopes, [0.025, 0.975])
    return Interval(law.b, float(low), float(high), len(seeds))


def _chart(rows: Sequence[dict[str, Any]]) -> Chart:
    """Draw what was measured as points, the laws as lines through them."""
    data: Any = alt.InlineData(values=list(rows))
    base = alt.Chart(data).encode(
        x=alt.X("x:Q", title="examples", scale=alt.Scale(type="log")),
        y=alt.Y("y:Q", title="test error", scale=alt.Scale(type="log")),
        color=alt.Color("series:N", title=None, sort=None, scale=alt.Scale(range=list(charts.COLOURS))),
    )
    points = base.transform_filter("datum.kind == 'measured'").mark_point(filled=True, size=60)
    lines = base.transform_filter("datum.kind == 'law'").mark_line(strokeDash=[5, 4])
    title = "Test error by number of examples; dashed: a × n^−b + c"
    whole = alt.layer(lines, points).properties(width=charts.WIDTH, height=charts.HEIGHT, title=title)
    return Chart(title, charts.spec_of(whole))
