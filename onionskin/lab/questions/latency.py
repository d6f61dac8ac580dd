"""How long does inference take, and does size predict it?

Method: about thirty networks that have been compared on ImageNet, from AlexNet to ConvNeXt, each answer one photo of
224 × 224 at a time on one thread; in a quick run a few small ones, of 96 × 96. The time is the median of a few forwards
in evaluation mode without gradients. Their weights are random: what is computed does not depend on them.

Of each, what one forward does is counted: parameters; multiply-adds (MACs) in convolutions and products of matrices;
and activations, the numbers that these write, as Dollár, Singh & Girshick (2021), "Fast and accurate model scaling",
arXiv 2103.06877, count them: they found time to follow these better than MACs.

Each of the three alone predicts by a power law, t = a sᵇ, fitted by least squares of logarithms. MACs and activations
together predict by a sum, t = a · MACs + b · activations + c, with none of a, b, c below 0, fitted by least squares of
the relative errors: arithmetic takes time, memory takes time, and a network has a cost of its own. R² is that of log t,
so that a factor of two counts the same for a small network and for a large one; its interval is from fits to networks
drawn again with replacement. "Left out" means that every network was predicted by a fit to all the others.

Some are run through onnxruntime, and a few through torch.compile, too.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import torch

from onionskin.lab import charts
from onionskin.lab.answer import Answer, Chart
from onionskin.lab.question import Arm, Measure
from onionskin.lab.questions import _engines
from onionskin.lab.questions._cost_laws import Fit, Power, Sum, fitted
from onionskin.lab.questions._photo_nets import Counted, count_of, net
from onionskin.lab.questions._stopwatch import seconds_of
from onionskin.lab.questions._verdict import above, all_of, below
from onionskin.lab.results import Results
from onionskin.lab.statistics import Comparison, amount
from onionskin.models._imagenet import NETS

CLAIM = (
    "Parameters say little (R² below 0.6), MACs much (above 0.7), MACs and activations together nearly all (above "
    "0.9). onnxruntime is faster than PyTorch for every network."
)
COST = 290
CHANGES = (
    "A GPU (where launching and memory count for more), other batches, more threads, kernels that like other "
    "shapes (depthwise convolutions are slow in most), and networks bound by their parameters, as language "
    "models at batch 1 are."
)
MEASURES = {
    "seconds": Measure("s", "one forward", kind="time"),
    "parameters": Measure("parameters", "parameters", kind="size"),
    "macs": Measure("", "multiply-adds of one forward", kind="size"),
    "activations": Measure("", "numbers that convolutions and matrix products write", kind="size"),
}

_QUICK: Final = ("squeezenet1_1", "mobilenet_v1", "mobilenet_v2", "mobilenet_v3_small", "shufflenet_v2_x1_0",
                 "resnet18", "mnasnet1_0", "regnet_x_400mf")  # fmt: skip
_IN_ONNX: Final = ("squeezenet1_1", "mobilenet_v2", "efficientnet_b0", "resnet18", "resnet50", "densenet121",
                   "vit_s_16", "convnext_tiny")  # fmt: skip
_COMPILED: Final = ("squeezenet1_1", "mobilenet_v2", "resnet18")
_SIZES: Final = ("parameters", "macs", "activations")


def arms(is_quick: bool) -> list[Arm]:
    """Return the networks, and some of them through other engines."""
    pixels = 96 if is_quick else 224
    found = [_arm(name, "PyTorch", pixels) for name in (_QUICK if is_quick else NETS) if name in NETS]
    in_onnx = ("resnet18",) if is_quick else _IN_ONNX
    found += [_arm(name, "onnxruntime", pixels, ("onnx", "onnxruntime")) for name in in_onnx if name in NETS]
    if not is_quick:
        found += [_arm(name, "compiled", pixels) for name in _COMPILED if name in NETS]
    return found


def _arm(name: str, engine: str, pixels: int, needs: tuple[str, ...] = ()) -> Arm:
    return Arm(_named(name, engine), {"net": name, "engine": engine, "pixels": pixels}, needs)


def _named(name: str, engine: str) -> str:
    return name if engine == "PyTorch" else f"{name}, {engine}"


def measure(arm: Arm, seed: int) -> dict[str, float]:
    """Return the time of one forward, and what it does."""
    x = torch.randn(1, 3, arm["pixels"], arm["pixels"])
    # A plain network is made anew each time, which is soon done: all of them together take gigabytes.
    forward = (
        _engines.eager(net(arm["net"]))
        if arm["engine"] == "PyTorch"
        else _kept(arm["net"], arm["engine"], arm["pixels"])
    )
    counted = _counted(arm["net"], arm["pixels"])
    seconds = seconds_of(lambda: forward(x), seconds=0.2)
    return {
        "seconds": seconds,
        "parameters": counted.parameters,
        "macs": counted.macs,
        "activations": counted.activations,
    }


@functools.cache
def _counted(name: str, pixels: int) -> Counted:
    return count_of(net(name), torch.zeros(1, 3, pixels, pixels))


@functools.cache
def _kept(name: str, engine: str, pixels: int) -> _engines.Forward:
    """Return a network in another engine, which takes long to prepare."""
    model, x = net(name), torch.zeros(1, 3, pixels, pixels)
    return _engines.compiled(model, x) if engine == "compiled" else _engines.onnxruntime(_engines.onnx_of(model, x))


# ---------------------------------------------------------------------- what it says


def answer(results: Results) -> Answer:
    """Return which size predicts the time, and the rule."""
    table = [_row(results, arm) for arm in results.arms if arm["engine"] == "PyTorch"]
    if len(table) < 5:
        return Answer(
            f"{len(table)} networks are too few to fit a law.", "Measure more of them.", [_times_chart(results)]
        )
    taken = np.array([row["seconds"] for row in table])
    sizes = {name: np.array([row[name] for row in table], np.float64) for name in _SIZES}
    fits: dict[str, Fit] = {name: fitted(Power(), sizes[name][:, None], taken) for name in _SIZES}
    both = fitted(Sum(), np.stack([sizes["macs"], sizes["activations"]], 1), taken)
    fits["MACs and activations"] = both
    engines, quicker = _engines_said(results)
    alone = ", ".join(f"{_called(name)} {fits[name].r2.value:.2f}" for name in _SIZES)
    sentence = (
        f"One forward takes from {amount(taken.min(), 's')} ({table[int(taken.argmin())]['name']}) to "
        f"{amount(taken.max(), 's')} ({table[int(taken.argmax())]['name']}); of {len(table)} networks, MACs and "
        f"activations predict it with R² {both.r2.value:.2f} ({both.r2.low:.2f} to {both.r2.high:.2f}; left out "
        f"{both.left_out:.2f}), alone: {alone}. {engines}"
    )
    checks = (below(fits["parameters"].r2, 0.6), above(fits["macs"].r2, 0.7), above(both.r2, 0.9), quicker)
    drawn = [_fit_chart(table, both), _r2_chart(fits), _times_chart(results)]
    return Answer(
        sentence.strip(), _rule(both, fits["parameters"]), drawn, all_of(*checks),
        [f"Such a prediction is off by a factor of {both.typical_factor:.2f} or less for two networks in three.",
         _farthest(table, both)],
        {"What one forward does, and what it was predicted to take": _shown(table, both)},
    )  # fmt: skip


def _row(results: Results, arm: Arm) -> dict[str, Any]:
    return {"name": arm["net"], **{name: results.value(arm.name, name) for name in ("seconds", *_SIZES)}}


def _called(name: str) -> str:
    return "MACs" if name == "macs" else name


def _rule(both: Fit, parameters: Fit) -> str:
    """Return the law in words, without the parts that came out as nothing."""
    a, b, c = (float(value) for value in both.numbers)
    parts = [(a * 1e9, "a GMAC"), (b * 1e6, "a million activations"), (c, "besides")]
    said = [f"{amount(value, 's')} {what}" for value, what in parts if value > 0]
    weight = " Parameters say what it weighs, not what it takes." if parameters.r2.value < 0.6 else ""
    return f"On one thread here, about {' plus '.join(said)}.{weight}"


def _engines_said(results: Results) -> tuple[str, bool | None]:
    """Return what other engines gain, and whether onnxruntime is faster for every network."""
    said, checks = [], []
    for engine in ("onnxruntime", "compiled"):
        gains = {arm["net"]: results.ratio(arm["net"], arm.name, "seconds")
                 for arm in results.arms if arm["engine"] == engine and arm["net"] in results}  # fmt: skip
        if gains:
            ends = dict.fromkeys(choose(gains, key=lambda net: gains[net].interval.value) for choose in (min, max))
            told = " to ".join(f"{_gain(gains[net])} ({net})" for net in ends)
            said.append(f"{'torch.compile' if engine == 'compiled' else engine} {told}")
        if engine == "onnxruntime":
            checks = [above(gain.interval, 1.0) for gain in gains.values()]
    return f"Times as fast as PyTorch: {', '.join(said)}." if said else "", all_of(*checks)


def _gain(gain: Comparison) -> str:
    return f"{gain.interval.value:.2g} ×" if gain.differs else "no difference found"


def _farthest(table: list[dict[str, Any]], both: Fit) -> str:
    off = [row["seconds"] / value for row, value in zip(table, both.predicted, strict=True)]
    slow, fast = int(np.argmax(off)), int(np.argmin(off))
    return (f"Farthest from the law: {table[slow]['name']} takes {off[slow]:.2g} times what it says, "
            f"{table[fast]['name']} {off[fast]:.2g} times.")  # fmt: skip


def _shown(table: list[dict[str, Any]], both: Fit) -> list[Mapping[str, Any]]:
    rows = sorted(zip(table, both.predicted, strict=True), key=lambda pair: -pair[0]["seconds"])
    return [
        {"network": row["name"], "parameters": amount(row["parameters"]), "MACs": amount(row["macs"]),
         "activations": amount(row["activations"]), "measured": amount(row["seconds"], "s"),
         "predicted": amount(float(p), "s")}
        for row, p in rows
    ]  # fmt: skip


def _fit_chart(table: list[dict[str, Any]], both: Fit) -> Chart:
    rows = [{"x": 1e3 * float(p), "y": 1e3 * row["seconds"], "name": row["name"]}
            for row, p in zip(table, both.predicted, strict=True)]  # fmt: skip
    ends = [min(row["x"] for row in rows), max(row["x"] for row in rows)]
    line = [{"x": end, "y": end} for end in ends]
    return charts.scatter(
        rows, "What MACs and activations say, and what it took", "predicted (ms)", "measured (ms)", line=line
    )


def _r2_chart(fits: Mapping[str, Fit]) -> Chart:
    rows = [{"arm": _called(name), "value": fit.r2.value, "low": max(fit.r2.low, 0.0), "high": fit.r2.high}
            for name, fit in fits.items()]  # fmt: skip
    return charts.intervals(rows, "How much of the differences in time each explains", "R² of log time")


def _times_chart(results: Results) -> Chart:
    names = [arm.name for arm in sorted(results.arms, key=lambda arm: results.value(arm.name, "seconds"))]
    return charts.bars(results, "seconds", "One forward of one photo, one thread", arms=names, log=True)
