"""How flexible is a model to its input?

Method: networks learn 4,000 digits of MNIST at 28 × 28 pixels, in a quick run 600, and are then asked for others of
20 to 56 pixels: either scaled, digit and all, or framed, the digit as it was in the middle of a larger picture. They
differ in what stands between convolutions and classes: LeNet's dense layers (a fixed head); the same behind a resize
to 28 pixels; the same weights as convolutions, whose surest place answers (Long, Shelhamer & Darrell, 2015, arXiv
1411.4038); a mean over all places (global pooling; Lin, Chen & Yan, 2013, arXiv 1312.4400); and a vision transformer,
with its positions as learned, and with them interpolated (Dosovitskiy et al., 2020, arXiv 2010.11929, section 3.2).

Texts are ragged anyway. Made-up ones, where a quarter of the words are of one of four topics and the others of none,
are learned with 4 to 32 words, and asked for with 4 to 128: by a bag of words, an LSTM, and a transformer that has
learned 32 positions.

What a network refuses is listed with PyTorch's own words. Accuracy is that on a random half of the 1,000 digits held
out, or on 500 new texts (quickly: 250 of each), another one in every round; time is that of one input in
a batch of 50, on one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import torch
from torch import Tensor, nn

from onionskin.lab import charts
from onionskin.lab.answer import Answer, Chart
from onionskin.lab.question import Arm, Measure, Skip
from onionskin.lab.questions import _sizes
from onionskin.lab.questions._stopwatch import seconds_of
from onionskin.lab.questions._trained_digits import digits
from onionskin.lab.questions._verdict import above, all_of, below
from onionskin.lab.results import Results
from onionskin.lab.statistics import Comparison

CLAIM = (
    "A fixed head takes one size alone, and so does a vision transformer as it was learned. Global pooling, dense "
    "layers as convolutions and interpolated positions take others, but accept is not understand: at twice the "
    "size each loses more than 20 points, and a resize before a fixed head less than 5. Longer texts are no harm "
    "to an LSTM or a bag."
)
COST = 120
CHANGES = (
    "Training at many sizes (then global pooling holds what it promises), networks with larger fields of view, "
    "pictures whose objects differ in size anyway, and positions that are relative or computed."
)
MEASURES = {
    "accuracy": Measure("share", "inputs read rightly", precision=0.02),
    "seconds": Measure("s", "one input in a batch of 50", kind="time"),
}

_BATCH: Final = 50
_REFUSED: Final = "refused: "
_RESIZED: Final = "fixed head, resized before"
_FLEXIBLE: Final = ("dense as convolution", "global pooling", "ViT, positions interpolated")


def arms(is_quick: bool) -> list[Arm]:
    """Return networks by the size that they are asked for."""
    sides = (20, 28, 56) if is_quick else (20, 24, 28, 32, 40, 48, 56)
    digits_seen, texts_seen, asked = (400, 400, 250) if is_quick else (4000, 2000, 500)
    found = [
        Arm(_image(net, side, how), {"kind": "image", "net": net, "size": side, "how": how, "examples": digits_seen,
                                      "asked": asked})
        for net in _sizes.READERS for how in ("scaled", "framed") for side in sides
        if how == "scaled" or (side > _sizes.SIDE and not is_quick)
    ]  # fmt: skip
    return found + [
        Arm(_text(net, words), {"kind": "text", "net": net, "size": words, "how": "", "examples": texts_seen,
                                 "asked": asked})
        for net in _sizes.TEXT_READERS for words in ((8, 32, 64) if is_quick else (4, 8, 16, 32, 64, 128))
    ]  # fmt: skip


def _image(net: str, side: int, how: str = "scaled") -> str:
    return f"{net}, {side} px{' framed' if how == 'framed' and side != _sizes.SIDE else ''}"


def _text(net: str, words: int) -> str:
    return f"{net}, {words} words"


def _net(arm: Arm) -> nn.Module:
    return (_sizes.reader if arm["kind"] == "image" else _sizes.text_reader)(arm["net"], arm["examples"])


def warm(arm: Arm) -> None:
    """Train the network."""
    _net(arm)


def measure(arm: Arm, seed: int) -> dict[str, float]:
    """Ask for inputs of one size. Raises Skip with the error's words where they are refused."""
    model = _net(arm)
    x, y = _inputs(arm, seed)
    with torch.no_grad():
        try:
            model(x[:1])
        except RuntimeError as error:
            raise Skip(f"{_REFUSED}{' '.join(str(error).split())}") from error
        right = (model(x).argmax(1) == y).float().mean()
        seconds = seconds_of(lambda: model(x[:_BATCH]), seconds=0.03)
    return {"accuracy": float(right), "seconds": seconds / _BATCH}


def _inputs(arm: Arm, seed: int) -> tuple[Tensor, Tensor]:
    if arm["kind"] == "text":
        return _sizes.texts(arm["asked"], (arm["size"], arm["size"]), seed=1000 + seed)
    y = digits()[3]
    some = torch.randperm(len(y))[: arm["asked"]]
    return _sizes.asked(arm["size"], arm["how"])[some], y[some]


# ---------------------------------------------------------------------- what it says


def answer(results: Results) -> Answer:
    """Return which sizes each network takes, and what it then makes of them."""
    tables = {
        f"Which {what} each takes, and how many it then reads rightly": _taken(results, nets, unit)
        for what, nets, unit in (("sizes", _sizes.READERS, "px"), ("lengths", _sizes.TEXT_READERS, "words"))
    }
    lost = _changes(results, (*_FLEXIBLE, _RESIZED), _image, 56, _sizes.SIDE)
    longer = _changes(results, _sizes.TEXT_READERS, _text, 2 * _sizes.WORDS, _sizes.WORDS)
    single = [net for net in _sizes.READERS if len(_sizes_of(results, net)) == 1 and _refused(results, net)]
    sentence = f"One size alone is taken by {_listed(single)}." if single else "Every network took every size."
    if lost:
        told = [f"{net} {_from_to(results, _image(net, _sizes.SIDE), _image(net, 56))}" for net in lost]
        sentence += f" At 56 pixels in place of the 28 that were learned, accuracy goes: {'; '.join(told)}."
    if longer:
        told = [f"{net} {_from_to(results, _text(net, _sizes.WORDS), _text(net, 2 * _sizes.WORDS))}" for net in longer]
        sentence += f" With twice as many words as were learned: {'; '.join(told)}."
    if refusing := [net for net in _sizes.TEXT_READERS if _refused(results, net)]:
        sentence += f" Longer texts are refused by the {_listed(refusing)}."
    checks = _checks(results, lost) + [above(change.interval, -0.02) for change in longer.values()]
    rule = (
        "That a network takes a size does not mean that it can read it: resize to what was learned, or train at many."
    )
    return Answer(sentence, rule, _charts(results), all_of(*checks), tables=tables)


def _from_to(results: Results, before: str, after: str) -> str:
    return f"from {results.said(before, 'accuracy')} to {results.said(after, 'accuracy')}"


def _changes(
    results: Results, nets: Sequence[str], named: Callable[[str, int], str], asked: int, learned: int
) -> dict[str, Comparison]:
    """Return what another size changes in accuracy, of those networks that took both."""
    return {net: results.difference(named(net, asked), named(net, learned), "accuracy") for net in nets
            if named(net, asked) in results and named(net, learned) in results}  # fmt: skip


def _sizes_of(results: Results, net: str) -> dict[int, float]:
    """Return the accuracy by size, of those that were taken (scaled)."""
    return {arm["size"]: results.value(arm.name, "accuracy") for arm in results.arms
            if arm["net"] == net and arm["how"] != "framed"}  # fmt: skip


def _refused(results: Results, net: str) -> list[str]:
    """Return which sizes of a network were refused: the ends of their arms' names."""
    found = [arm.removeprefix(f"{net}, ") for arm, why in results.skipped.items()
             if arm.startswith(f"{net}, ") and why.startswith(_REFUSED)]  # fmt: skip
    sizes = [size for size in found if size[0].isdigit()]  # another network's name may begin with this one's
    return sorted(sizes, key=lambda size: int(size.split()[0]))


def _taken(results: Results, nets: Iterable[str], unit: str) -> list[Mapping[str, Any]]:
    """Return a row a network: its accuracy by size, of those sizes that it took."""
    taken = {net: _sizes_of(results, net) for net in nets}
    sizes = sorted({size for by_size in taken.values() for size in by_size})

    def right(by_size: Mapping[int, float], size: int) -> str:
        return f"{100 * by_size[size]:.0f} %" if size in by_size else "refused"

    return [{"network": net, **{f"{size} {unit}": right(by_size, size) for size in sizes}}
            for net, by_size in taken.items() if by_size]  # fmt: skip


def _listed(names: list[str]) -> str:
    return ", ".join(names[:-1]) + (" and " if len(names) > 1 else "") + names[-1] if names else ""


def _checks(results: Results, lost: Mapping[str, Comparison]) -> list[bool | None]:
    """Return which parts of the claim hold for images."""
    fixed = [net for net in ("fixed head", "ViT, positions as learned") if _sizes_of(results, net)]
    checks: list[bool | None] = [len(_sizes_of(results, net)) == 1 for net in fixed]
    checks += [below(lost[net].interval, -0.2) if net in lost else None for net in _FLEXIBLE]
    checks.append(above(lost[_RESIZED].interval, -0.05) if _RESIZED in lost else None)
    return checks


def _charts(results: Results) -> list[Chart]:
    drawn = []
    images = [arm for arm in results.arms if arm["kind"] == "image"]
    titles = {"scaled": "Digits scaled to another size", "framed": "Digits as they were, in a larger picture"}
    for how, title in titles.items():
        rows = _lines(results, [arm for arm in images if arm["how"] == how or arm["size"] == _sizes.SIDE])
        if len({row["x"] for row in rows}) > 1:
            drawn.append(charts.lines(rows, title, "side (pixels; 28 were learned)", "read rightly (%)", by="network"))
    rows = _lines(results, [a for a in results.arms if a["kind"] == "text"])
    if rows:
        title = "Texts of other lengths than were learned"
        drawn.append(
            charts.lines(rows, title, "words (4 to 32 were learned)", "topic found (%)", log_x=True, by="network")
        )
    rows = [{"x": arm["size"] ** 2, "y": 1e6 * results.value(arm.name, "seconds"), "series": arm["net"]}
            for arm in images if arm["how"] == "scaled"]  # fmt: skip
    return [*drawn, charts.lines(rows, "Time grows with the pixels", "pixels", "one picture (µs)", by="network")]


def _lines(results: Results, chosen: list[Arm]) -> list[dict[str, Any]]:
    rows = []
    for arm in chosen:
        found = results.middle(arm.name, "accuracy")
        rows.append({"x": arm["size"], "y": 100 * found.value, "low": 100 * found.low, "high": 100 * found.high,
                     "series": arm["net"]})  # fmt: skip
    return rows
