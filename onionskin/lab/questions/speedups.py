"""What makes inference faster, alone and together?

Method: one network is trained on 4,000 digits of MNIST: three convolutions of 32, 64 and 128 channels with norms, in
a quick run of half as many. It then answers digits that were held out, one at a time and in batches of 64, in
evaluation mode without gradients: as it is; with its norms merged into its convolutions; with the channels of a pixel
side by side in memory (channels-last); on all cores; compiled by torch.compile; as ONNX in onnxruntime, which merges
norms by itself, in float32 and with weights in int8, where activations are either laid over int8 in each forward
(dynamic, of the last layer alone) or by what 320 digits of the training set showed (static: unsigned activations,
signed weights for each channel); and with a dict of the answers in front.

Time is that of all digits together, divided by their number: two out of three of the requests that a cache meets are
for digits asked before, since they are drawn by Zipf's law with s = 1.1. Accuracy is that of the same forward on 960
digits held out. Gains are ratios to the network as it is at the same batch, round by round.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

import torch
from torch import Tensor

from onionskin.lab import charts
from onionskin.lab.answer import Answer, Chart
from onionskin.lab.machine import cores
from onionskin.lab.question import Arm, Measure
from onionskin.lab.questions._engines import Forward
from onionskin.lab.questions._faster import Recipe, forward_of, network
from onionskin.lab.questions._prediction_caches import zipf
from onionskin.lab.questions._trained_digits import digits
from onionskin.lab.questions._verdict import above, all_of, below
from onionskin.lab.results import Results
from onionskin.lab.statistics import Comparison
from onionskin.lab.trial import threads

CLAIM = (
    "At batch 1 all together is 5 times as fast, and loses less than a point of accuracy; onnxruntime alone 1.5 times. "
    "All cores gain less than 1.3 at batch 1, and 1.5 or more at 64; channels-last alone less than 1.3 at both."
)
COST = 240
CHANGES = (
    "A larger network (compiling and int8 gain more, threads help at batch 1), another processor (int8 needs "
    "instructions for it), a GPU, and traffic that repeats less, for which a cache only costs."
)
MEASURES = {
    "seconds": Measure("s", "one digit", kind="time"),
    "accuracy": Measure("share", "digits held out that were read rightly", precision=0.01),
    "hits": Measure("share", "digits answered from the cache"),
}

_ORT: Final = {"engine": "onnxruntime"}
_TECHNIQUES: Final[Mapping[str, Mapping[str, Any]]] = {
    "as it is": {},
    "norms merged": {"is_fused": True},
    "channels-last": {"is_channels_last": True},
    "all cores": {"threads": 0},
    "compiled": {"engine": "compiled"},
    "onnxruntime": _ORT,
    "onnxruntime, int8 dynamic": {**_ORT, "int8": "dynamic"},
    "onnxruntime, int8 static": {**_ORT, "int8": "static"},
    "cache": {"is_cached": True},
    "all of PyTorch": {"engine": "compiled", "is_fused": True, "is_channels_last": True, "threads": 0},
    "onnxruntime, all cores": {**_ORT, "threads": 0},
    "onnxruntime, int8 static, all cores": {**_ORT, "int8": "static", "threads": 0},
    "everything": {**_ORT, "int8": "static", "threads": 0, "is_cached": True},
}
_PLAIN: Final = "as it is"
_EVERYTHING: Final = "everything"
_NOT_QUICK: Final = ("compiled", "all of PyTorch", "onnxruntime, int8 dynamic", "onnxruntime, all cores",
                     "onnxruntime, int8 static, all cores")  # fmt: skip
_BATCHES: Final = (1, 64)


def arms(is_quick: bool) -> list[Arm]:
    """Return every technique at both batches; a quick run compiles nothing."""
    shared = {"width": 16, "digits": 256} if is_quick else {"width": 32, "digits": 960}
    return [
        Arm(_named(technique, batch), {**shared, "batch": batch, **settings}, _needs(settings))
        for batch in _BATCHES for technique, settings in _TECHNIQUES.items()
        if not (is_quick and technique in _NOT_QUICK)
    ]  # fmt: skip


def _named(technique: str, batch: int) -> str:
    return f"batch {batch}: {technique}"


def _needs(settings: Mapping[str, Any]) -> tuple[str, ...]:
    return ("onnx", "onnxruntime") if settings.get("engine") == "onnxruntime" else ()


def _recipe(arm: Arm) -> Recipe:
    settings: dict[str, Any] = {name: value for name, value in arm.settings.items() if name != "digits"}
    settings["threads"] = settings.get("threads", 1) or cores()
    return Recipe(**settings)


def warm(arm: Arm) -> None:
    """Train the network, and prepare this way of running it."""
    network(arm["width"])
    recipe = _recipe(arm)
    with threads(recipe.threads):
        forward_of(recipe)(digits()[2][: arm["batch"]])


def measure(arm: Arm, seed: int) -> dict[str, float]:
    """Answer the digits in batches, and say how long each took, and whether they were read rightly."""
    recipe, batch = _recipe(arm), arm["batch"]
    _, _, x, y = digits()
    count = arm["digits"]
    asked = torch.from_numpy(zipf(count, len(x), 1.1, seed)) if recipe.is_cached else torch.arange(count)
    batches = torch.split(x[asked], batch)
    forward = forward_of(recipe)
    with threads(recipe.threads):
        began = time.perf_counter()
        for one in batches:
            forward(one)
        seconds = (time.perf_counter() - began) / count
        hits = 1 - len(torch.unique(asked)) / count if recipe.is_cached else 0.0
        accuracy = _accuracy(forward, x, y, batch if recipe.engine == "compiled" else 64)
    return {"seconds": seconds, "accuracy": accuracy, "hits": hits}


def _accuracy(forward: Forward, x: Tensor, y: Tensor, batch: int) -> float:
    """Return the share of digits read rightly; what is compiled for 64 takes 64, so the last 40 are left out."""
    whole = len(x) // 64 * 64
    said = torch.cat([forward(part) for part in torch.split(x[:whole], batch)]).argmax(1)
    return float((said == y[:whole]).float().mean())


# ---------------------------------------------------------------------- what it says


def answer(results: Results) -> Answer:
    """Return what each gains, alone and together, and what it costs in accuracy."""
    had = {arm.name for arm in results.arms}
    gains = {(technique, batch): results.ratio(_named(_PLAIN, batch), _named(technique, batch), "seconds")
             for batch in _BATCHES for technique in _TECHNIQUES
             if technique != _PLAIN and {_named(technique, batch), _named(_PLAIN, batch)} <= had}  # fmt: skip
    batching = None
    if all(_named(_PLAIN, batch) in results for batch in _BATCHES):
        batching = results.ratio(_named(_PLAIN, 1), _named(_PLAIN, 64), "seconds")
    lost = {arm.name: results.difference(arm.name, _named(_PLAIN, arm["batch"]), "accuracy") for arm in results.arms
            if "int8" in arm.settings and _named(_PLAIN, arm["batch"]) in results}  # fmt: skip
    said = [_gains_said(results, gains, batch) for batch in _BATCHES if _named(_PLAIN, batch) in results]
    if batching:
        said.append(f"A digit in a batch of 64 instead of alone: {batching}.")
    if lost:
        worst = min(lost, key=lambda name: lost[name].interval.value)
        kept = results.said(lost[worst].what.split(" − ")[1], "accuracy")
        said.append(f"Accuracy is {kept} as it is; at worst in int8, against that: {lost[worst]}.")
    return Answer(
        " ".join(said), _rule(gains), [_chart(gains, batch) for batch in _BATCHES] + _heat(gains),
        _verdict(gains, lost, {_named(technique, 1) for technique in _TECHNIQUES} <= had),
        ["onnxruntime merges norms and chooses the layout by itself; of the dynamic int8 only the last layer gains."],
    )  # fmt: skip


def _gains_said(results: Results, gains: Mapping[tuple[str, int], Comparison], batch: int) -> str:
    alone = {t: g for (t, b), g in gains.items() if b == batch and t in list(_TECHNIQUES)[:9] and g.differs}
    best = sorted(alone, key=lambda technique: -alone[technique].interval.value)[:3]
    told = (
        ", ".join(f"{technique} {alone[technique]}" for technique in best) or "nothing that could be told from chance"
    )
    together = gains.get((_EVERYTHING, batch))
    end = f"; everything together: {together}" if together else ""
    return f"At batch {batch} ({results.said(_named(_PLAIN, batch), 'seconds')} a digit) most is gained by {told}{end}."


def _rule(gains: Mapping[tuple[str, int], Comparison]) -> str:
    order = sorted((t for (t, b), g in gains.items() if b == 1 and g.differs and g.interval.value > 1),
                   key=lambda technique: -gains[technique, 1].interval.value)  # fmt: skip
    singles = [technique for technique in order if technique in list(_TECHNIQUES)[1:9]]
    first = f"First try {singles[0]}" if singles else "Nothing gained for certain"
    return f"{first}; use batches where requests can wait; keep what is measured to gain on your own network."


def _verdict(
    gains: Mapping[tuple[str, int], Comparison], lost: Mapping[str, Comparison], is_whole: bool
) -> bool | None:
    def found(technique: str, batch: int) -> Any:
        return gains[technique, batch].interval if (technique, batch) in gains else None

    checks: list[bool | None] = [] if is_whole else [None]
    claimed = (
        (_EVERYTHING, 1, above, 5.0), ("onnxruntime", 1, above, 1.5), ("all cores", 1, below, 1.3),
        ("all cores", 64, above, 1.5), ("channels-last", 1, below, 1.3), ("channels-last", 64, below, 1.3),
    )  # fmt: skip
    for technique, batch, how, level in claimed:
        interval = found(technique, batch)
        checks.append(how(interval, level) if interval else None)
    checks += [above(change.interval, -0.01) for change in lost.values()]
    return all_of(*checks)


def _chart(gains: Mapping[tuple[str, int], Comparison], batch: int) -> Chart:
    rows = [{"arm": t, "value": g.interval.value, "low": g.interval.low, "high": g.interval.high}
            for (t, b), g in gains.items() if b == batch]  # fmt: skip
    title = f"How many times as fast, batch {batch}"
    return charts.intervals(rows, title, "times as fast as the network as it is", log=True)


def _heat(gains: Mapping[tuple[str, int], Comparison]) -> list[Chart]:
    cells = [{"x": f"batch {b}", "y": t, "value": g.interval.value} for (t, b), g in gains.items()]
    return (
        [charts.heat(cells, "Gains at both batches", "", "", "times as fast", log=True, labels=".2f")] if cells else []
    )
