"""Dense or sparse, and is Numenta onto something?

*Speed.* A layer of 1,024 × 1,024 (and 2,048 × 2,048) is multiplied with one input and with 64, on one thread: whole,
and with a share of its weights left as CSR, in blocks of 32 × 32, or as fewer neurons. Each is timed right after the
whole product, in seconds of the processor, at seven densities. The density below which it wins is read off between
them; its interval is a bootstrap over rounds.

*Noise.* Ahmad & Scheinkman of Numenta (2019, "How can we be so dense?", arXiv 1903.11257) let few units of a layer win
and give each few weights. Networks so made, with 30 % of the weights and 10 % of the units, are trained beside dense
ones with as many parameters, with as many multiplications for one picture, and with as many units, on the same seeds;
then a share of the pixels of what is held out is set to white, as in the paper. Digits go through two hidden layers,
MNIST's 5,000 and 4,000 of Fashion-MNIST through a convolution and a hidden layer.

*Tickets.* Frankle & Carbin (2018, "The lottery ticket hypothesis", arXiv 1803.03635): LeNet-300-100 is pruned in rounds
to a tenth and a twentieth of its weights, each time set back to its first values, and compared with the same shape
under other first values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from onionskin.lab.answer import Answer
from onionskin.lab.question import Arm, Measure
from onionskin.lab.questions import _sparse_noise, _sparse_products, _sparse_tickets
from onionskin.lab.questions._sparse_noise import LEVELS, noise_name
from onionskin.lab.questions._sparse_said import charts, claims, holds, rule, said
from onionskin.lab.results import Results

CLAIM = (
    "On a CPU, weights that are missing here and there pay below a density of 10 % for one input, whole blocks below "
    "50 %, removed neurons at any. Sparse networks with k-winners keep more accuracy under noise than dense ones of "
    "equal size, on all data sets. At 95 % pruned, a ticket's own first weights beat others."
)
COST = 600
SEEDS = 10
CHANGES = (
    "Hardware that skips zeros (FPGAs, GPUs with 2:4 sparsity), libraries with better sparse kernels, larger networks "
    "and more training; noise of another kind than white pixels."
)

#: Shares of weights that are left.
DENSITIES: Final = (0.01, 0.02, 0.05, 0.1, 0.3, 0.5, 0.9)

MEASURES = {
    "accuracy": Measure("share", "accuracy on what is held out", precision=0.005),
    "noisy": Measure("share", "accuracy under noise, the mean over 10 to 50 % white pixels"),
    "crossover": Measure("share", "density below which it beats dense", kind="size"),
    **{f"speedup_{round(100 * d)}": Measure("×", f"times as fast as dense at {100 * d:.0f} % density", kind="size")
       for d in DENSITIES},
    **{noise_name(level): Measure("share", f"accuracy with {100 * level:.0f} % white pixels") for level in LEVELS},
    "parameters": Measure("parameters", "weights and biases that are there", kind="size"),
    "multiplications": Measure("", "multiplications for one picture, none with 0", kind="size"),
}  # fmt: skip

_PRUNED: Final = (
    ("dense", "0", "own"),
    ("ticket, 90 % pruned", "90", "own"),
    ("re-initialised, 90 % pruned", "90", "other"),
    ("ticket, 95 % pruned", "95", "own"),
    ("re-initialised, 95 % pruned", "95", "other"),
)


def arms(is_quick: bool) -> list[Arm]:
    """Return ways to multiply, networks under noise, and tickets."""
    sizes, data = ((1024,), ("digits",)) if is_quick else ((1024, 2048), ("digits", "mnist", "fashion_mnist"))
    found = [
        Arm(f"{way}, {size}², {batch} at once", {"part": "speed", "way": way, "size": size, "batch": batch})
        for size in sizes for way in _sparse_products.WAYS for batch in (1, 64)
    ]  # fmt: skip
    steps = {"digits": 100 if is_quick else 600, "mnist": 250, "fashion_mnist": 250}
    found += [
        Arm(f"{kind}, {name}", {"part": "noise", "data": name, "kind": kind, "steps": steps[name]})
        for name in data for kind in _sparse_noise.KINDS
    ]  # fmt: skip
    learned, length = ("digits", 60) if is_quick else ("mnist", 400)
    return found + [
        Arm(
            f"{name}, {learned}",
            {"part": "tickets", "data": learned, "pruned": pruned, "first": first, "steps": length},
        )
        for name, pruned, first in _PRUNED
    ]


def measure(arm: Arm, seed: int) -> dict[str, float]:
    """Time a way, or train a network."""
    if arm["part"] == "speed":
        return _speed(arm["way"], arm["size"], arm["batch"], DENSITIES)
    if arm["part"] == "noise":
        return _sparse_noise.measured(arm["data"], arm["kind"], arm["steps"], seed)
    found = _sparse_tickets.measured(arm["data"], arm["pruned"], arm["first"], arm["steps"], seed)
    return {"accuracy": found}


def _speed(way: str, size: int, batch: int, densities: Sequence[float]) -> dict[str, float]:
    faster = _sparse_products.speedups(way, size, batch, densities)
    return {
        "accuracy": float("nan"),  # a product has none
        "crossover": _sparse_products.crossover(densities, faster),
        **{f"speedup_{round(100 * d)}": value for d, value in zip(densities, faster, strict=True)},
    }


def answer(results: Results) -> Answer:
    """Say where sparse pays, what it does under noise, and what a ticket is worth."""
    table = claims(results)
    return Answer(
        sentence=said(results),
        rule=rule(results),
        charts=charts(results, DENSITIES),
        claim_holds=holds(results),
        notes=(
            "Where a way was slower than dense at every density down to 1 %, there is no crossover.",
            "Removed neurons are timed for one layer; in a network the next layer has fewer inputs as well.",
            "Multiplications are counted, not timed: no library used here skips units that did not win.",
        ),
        tables={"What each claim of the papers becomes here": table},
    )
