"""Can a prediction cache in an ordinary embedded database help?

Method: a model is asked for 20,000 different pictures (4,000 digits of MNIST, each at five places), again and again:
the r-th most popular one in proportion to r^−s, as Zipf's law has it, for s of 0.8, 1.1 and 1.4. Requests to web
servers have an s of 0.6 to 0.9 (Breslau, Cao, Fan, Phillips & Shenker, 1999, "Web caching and Zipf-like
distributions"), words about 1. Answers are kept under a BLAKE2 hash of the model's weights and the input's bytes: in
a dict of this process, or in a table of SQLite in a file (write-ahead log, 256 changes a transaction), without a
bound or with room for 500 answers, of which the one unused for longest gives way (LRU). Before the timed requests as
many others fill the cache.

First the model is free, and only the keeping is timed: C seconds a request, of which a share h hits. With a model of
L seconds a request then costs C + (1 − h) L, without a cache L: it pays from L = C / h on. Then real models are asked
through each, one picture at a time on one thread, to see whether that is so.
"""

from __future__ import annotations

import functools
import math
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import altair as alt
import numpy as np
import torch
from torch import nn

from onionskin import data
from onionskin.lab import charts
from onionskin.lab.answer import Answer, Chart
from onionskin.lab.question import Arm, Measure
from onionskin.lab.questions._prediction_caches import (
    Array,
    InDict,
    InSqlite,
    Model,
    Recomputing,
    Store,
    model_key,
    zipf,
)
from onionskin.lab.questions._verdict import above, all_of, below
from onionskin.lab.results import Results
from onionskin.lab.statistics import amount
from onionskin.models import convnet, lenet, resnet

CLAIM = (
    "In SQLite, unbounded, a cache pays for every model slower than 0.1 ms where s is 1.1; in a dict from a third of "
    "SQLite's latency on. Room for 500 of 20,000 answers keeps at least two thirds of the hits there."
)
COST = 60
CHANGES = (
    "How often inputs come again to the last bit (pictures from a camera never do), larger inputs (hashing them takes "
    "longer), a database on a slow disk or with a transaction for each answer, and answers asked for in batches."
)
MEASURES = {
    "seconds": Measure("s", "one request", kind="time"),
    "hits": Measure("share", "requests that were answered from the cache"),
    "pays": Measure("s", "latency of a model from which on the cache pays", kind="time"),
}

_INPUTS: Final = 20_000
_ROOM: Final = 500
_SKEWS: Final = (0.8, 1.1, 1.4)
_NETS: Final = {"LeNet": 2000, "ConvNet": 1000, "ResNet-18": 100}  # and how often each is asked


def arms(is_quick: bool) -> list[Arm]:
    """Return stores by skew and room, and stores with real models."""
    requests = 600 if is_quick else 5000
    found = [
        Arm(_keeping(store, skew, room), {
            "part": "keeping", "store": store, "skew": skew, "room": room, "requests": requests, "net": ""})
        for skew in _SKEWS for store in ("dict", "SQLite") for room in (0, _ROOM)
    ]  # fmt: skip
    for net, times in [("LeNet", 300), ("ConvNet", 150)] if is_quick else _NETS.items():
        found += [
            Arm(_asking(net, store), {
                "part": "asking", "store": store, "skew": 1.1, "room": 0, "requests": times, "net": net})
            for store in ("nothing", "dict", "SQLite")
        ]  # fmt: skip
    return found


def _keeping(store: str, skew: float, room: int) -> str:
    return f"{store}, s = {skew}{f', room for {room}' if room else ''}"


def _asking(net: str, store: str) -> str:
    return f"{net}, {'recomputed' if store == 'nothing' else store}"


@functools.cache
def _digits() -> Array:
    pixels: Array = data.load("mnist").train_x
    return pixels


def _picture(number: int) -> Array:
    """Return one of the 20,000 inputs, (1, 1, 28, 28)."""
    place, digit = divmod(number, len(_digits()))
    return np.ascontiguousarray(np.roll(_digits()[digit : digit + 1], place - 2, axis=3))


@functools.cache
def _net(name: str) -> tuple[Model, bytes]:
    """Return a network and its key; the weights are as they were drawn, since only time is measured."""
    torch.manual_seed(0)
    built: dict[str, Any] = {"LeNet": lenet.build, "ConvNet": convnet.build,
                             "ResNet-18": lambda: resnet.build(18, channels=1)}  # fmt: skip
    net: nn.Module = built[name]().eval()

    def answer(x: Array) -> Array:
        with torch.no_grad():
            probabilities: Array = net(torch.from_numpy(x)).softmax(1).numpy()
        return probabilities

    return answer, model_key(net)


def _free(x: Array) -> Array:
    return _NOTHING


_NOTHING: Final = np.zeros((1, 10), np.float32)


def warm(arm: Arm) -> None:
    """Load the digits and build the network."""
    _digits()
    if arm["net"]:
        _net(arm["net"])[0](_picture(0))


def measure(arm: Arm, seed: int) -> dict[str, float]:
    """Fill a cache with as many requests as are timed afterwards, and time those."""
    count = arm["requests"]
    asked = [_picture(int(number)) for number in zipf(2 * count, _INPUTS, arm["skew"], seed)]
    model, of = _net(arm["net"]) if arm["net"] else (_free, b"")
    with tempfile.TemporaryDirectory() as folder:
        store = _opened(arm["store"], model, of, Path(folder), arm["room"])
        if arm["store"] != "nothing":
            for x in asked[:count]:
                store.ask(x)
        store.hits = store.misses = 0
        began = time.perf_counter()
        for x in asked[count:]:
            store.ask(x)
        seconds = (time.perf_counter() - began) / count
        store.close()
    hits = store.hits / count
    pays = seconds / hits if arm["part"] == "keeping" and hits else math.nan
    return {"seconds": seconds, "hits": hits, "pays": pays}


def _opened(store: str, model: Model, of: bytes, folder: Path, room: int) -> Store:
    if store == "nothing":
        return Recomputing(model)
    return InDict(model, of, room) if store == "dict" else InSqlite(model, of, folder / "answers.sqlite", room)


# ---------------------------------------------------------------------- what it says


def answer(results: Results) -> Answer:
    """Return from which latency on a cache pays, and whether real models agree."""
    usual, quick = _keeping("SQLite", 1.1, 0), _keeping("dict", 1.1, 0)
    bounded = _keeping("SQLite", 1.1, _ROOM)
    pays, dearer = results.middle(usual, "pays"), results.ratio(usual, quick, "pays")
    kept = results.value(bounded, "hits") / results.value(usual, "hits")
    lowest, highest = (results.said(_keeping("SQLite", skew, 0), "pays") for skew in (_SKEWS[-1], _SKEWS[0]))
    third = None if dearer.interval.count < 2 else above(dearer.interval, 3)
    written = results.ratio(bounded, usual, "seconds")
    kind = f"where s is 1.1 and {results.said(usual, 'hits')} of requests hit"
    sentence = (
        f"A cache in SQLite pays for models slower than {amount(pays.value, 's')} a prediction "
        f"({_ends(pays.low, pays.high)}) {kind}; from {lowest} at s = {_SKEWS[-1]} to {highest} at s = {_SKEWS[0]}. "
        f"In a dict it pays from {results.said(quick, 'pays')} on (SQLite against it: {dearer}). {_nets_said(results)}"
    )
    rule = (
        f"Cache where a prediction takes more than {highest} and inputs repeat exactly; what is saved is the share "
        "of hits, never more. A dict is cheaper, a database outlives the process and is shared."
    )
    notes = [
        f"Room for {_ROOM} of {_INPUTS:,} answers keeps {amount(kept, 'share')} of the hits at s = 1.1; that the last "
        f"use of each answer is written makes a request cost, against no bound: {written}.",
        "The hit rate is that after as many requests as were timed; without a bound it still grows with more of them.",
    ]
    drawn = [_costs_chart(results), _pays_chart(results), _hits_chart(results)]
    return Answer(sentence, rule, drawn, all_of(below(pays, 1e-4), third, kept > 2 / 3), notes)


def _ends(low: float, high: float) -> str:
    return f"{amount(low, 's')} to {amount(high, 's')}" if math.isfinite(low + high) else "one trial"


def _nets_said(results: Results) -> str:
    said = []
    for net in _NETS:
        if {_asking(net, store) for store in ("nothing", "SQLite", "dict")} <= {arm.name for arm in results.arms}:
            results.ratio(_asking(net, "nothing"), _asking(net, "dict"), "seconds")
            gain = results.ratio(_asking(net, "nothing"), _asking(net, "SQLite"), "seconds")
            said.append(f"{net} ({results.said(_asking(net, 'nothing'), 'seconds')}): {gain}")
    return f"Recomputing took, against SQLite: {'; '.join(said)}." if said else ""


def _costs_chart(results: Results) -> Chart:
    """Return what a request costs by the model's latency: computed from cost and hits, with real models on it."""
    lines = [{"x": x, "y": x, "series": "recomputed"} for x in (1e-3, 1e2)]
    for arm in (a for a in results.arms if a["part"] == "keeping" and a["skew"] == 1.1):
        cost, hits = 1e3 * results.value(arm.name, "seconds"), results.value(arm.name, "hits")
        places = np.logspace(-3, 2, 41)
        lines += [{"x": float(x), "y": cost + (1 - hits) * float(x), "series": arm.name} for x in places]
    dots = list(_measured(results))
    title = "What a request costs with a cache, by what the model costs (s = 1.1)"
    axes = {name: alt.X("x:Q", title="one prediction (ms)", scale=alt.Scale(type="log")) if name == "x" else
            alt.Y("y:Q", title="one request (ms)", scale=alt.Scale(type="log")) for name in ("x", "y")}  # fmt: skip
    colour = alt.Color("series:N", title=None, sort=None, scale=alt.Scale(range=list(charts.COLOURS)))
    computed = alt.Chart({"values": lines}).mark_line().encode(**axes, color=colour)
    real = alt.Chart({"values": dots}).mark_point(filled=True, size=60).encode(**axes, color=colour)
    named = alt.Chart({"values": [d for d in dots if d["series"] == "recomputed"]})
    named = named.mark_text(align="right", dx=-8, fontSize=10).encode(**axes, text="name:N")
    chart = alt.layer(computed, real, named).properties(width=charts.WIDTH, height=charts.HEIGHT, title=title)
    return Chart(title, charts.spec_of(chart))


def _measured(results: Results) -> Iterator[dict[str, Any]]:
    for arm in (a for a in results.arms if a["part"] == "asking"):
        alone = _asking(arm["net"], "nothing")
        if alone in results:
            series = "recomputed" if arm["store"] == "nothing" else _keeping(arm["store"], 1.1, 0)
            at = {"x": 1e3 * results.value(alone, "seconds"), "y": 1e3 * results.value(arm.name, "seconds")}
            yield {**at, "series": series, "name": arm["net"]}


def _pays_chart(results: Results) -> Chart:
    names = [a.name for a in results.arms if a["part"] == "keeping"]
    return charts.bars(results, "pays", "From which latency of the model on a cache pays", arms=names, log=True)


def _hits_chart(results: Results) -> Chart:
    names = [a.name for a in results.arms if a["part"] == "keeping" and a["store"] == "dict"]
    return charts.bars(results, "hits", "How many requests hit (the same in SQLite)", arms=names)
