"""ResNet-18, 34, 50 or 101: what does depth cost?

Method: the four networks of He, Zhang, Ren & Sun (2015), "Deep residual learning for image recognition", arXiv
1512.03385, answer batches of 1 and 16 photos of 128, 224 and 288 pixels on one thread, in evaluation mode without
gradients. A batch of 1 is the median of a few forwards, a batch of 16 is one forward in each round, after one for
nothing. All arms of a round are measured in random order, and two networks are compared round by round, so that what
drifts cancels in their ratio.

Memory is that of the results of operations alive at once, at most, followed from operation to operation: weights, and
what an operation takes for itself, come on top. Accuracy is not measured here: it is the published one of torchvision's
first weights on ImageNet's 50,000 photos of the validation set, one crop of 224 × 224.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, Final

import torch
from torch import nn

from onionskin.lab import charts
from onionskin.lab.answer import Answer, Chart
from onionskin.lab.question import Arm, Measure
from onionskin.lab.questions._photo_nets import count_of, net, peak_bytes
from onionskin.lab.questions._stopwatch import seconds_of
from onionskin.lab.questions._verdict import above, all_of, below
from onionskin.lab.results import Results
from onionskin.lab.statistics import Comparison, amount
from onionskin.models._imagenet import TOP1

CLAIM = (
    "At batch 1 and 224 pixels ResNet-50 takes 2.25 times as long as ResNet-18, as its multiply-adds say, within a "
    "quarter; ResNet-101 less than 2.2 times as long as ResNet-50. A batch of 16 raises the throughput of one "
    "thread by less than 1.5."
)
COST = 280
CHANGES = (
    "A GPU, where batches matter more and small images leave it idle; more threads; an engine that merges the norms "
    "into the convolutions; and how the weights were trained: newer recipes give ResNet-50 more than 80 %."
)
MEASURES = {
    "seconds": Measure("s", "one forward of the batch", kind="time"),
    "throughput": Measure("images/s", "images a second", kind="size"),
    "memory": Measure("bytes", "results of operations alive at once", kind="size"),
    "weights": Measure("bytes", "weights", kind="size"),
    "macs": Measure("", "multiply-adds an image", kind="size"),
}

_DEPTHS: Final = (18, 34, 50, 101)


def arms(is_quick: bool) -> list[Arm]:
    """Return depths, batches and image sizes; in a quick run not each with each."""
    if is_quick:
        cases = [(depth, 1, 128) for depth in _DEPTHS] + [(18, 1, 224), (50, 1, 224), (18, 16, 128)]
    else:
        cases = [(depth, batch, pixels) for pixels in (128, 224, 288) for batch in (1, 16) for depth in _DEPTHS]
    return [Arm(_named(*case), dict(zip(("depth", "batch", "pixels"), case, strict=True))) for case in cases]


def _named(depth: int, batch: int, pixels: int) -> str:
    return f"ResNet-{depth}, {batch} × {pixels} px"


@functools.cache
def _net(depth: int) -> nn.Module:
    return net(f"resnet{depth}")


@functools.cache
def _sizes(depth: int, pixels: int) -> dict[str, float]:
    """Return what one image takes, and the weights."""
    model, x = _net(depth), torch.zeros(1, 3, pixels, pixels)
    state = sum(tensor.numel() * tensor.element_size() for tensor in model.state_dict().values())
    return {"memory": peak_bytes(model, x), "macs": count_of(model, x).macs, "weights": state}


def warm(arm: Arm) -> None:
    """Build the network, count what it does, and run it once."""
    _sizes(arm["depth"], arm["pixels"])
    with torch.no_grad():
        _net(arm["depth"])(torch.zeros(arm["batch"], 3, arm["pixels"], arm["pixels"]))


def measure(arm: Arm, seed: int) -> dict[str, float]:
    """Return the time of one forward, and what it takes besides."""
    model, batch, pixels = _net(arm["depth"]), arm["batch"], arm["pixels"]
    sizes, x = dict(_sizes(arm["depth"], pixels)), torch.randn(batch, 3, pixels, pixels)
    sizes["memory"] *= batch
    with torch.no_grad():
        if batch == 1:
            seconds = seconds_of(lambda: model(x), seconds=0.3)
        else:
            seconds = seconds_of(lambda: model(x), seconds=0.0, least=1, is_warm=True)
    return {"seconds": seconds, "throughput": batch / seconds, **sizes}


# ---------------------------------------------------------------------- what it says


def answer(results: Results) -> Answer:
    """Return what depth costs, beside what it is known to bring."""
    pixels = 224 if _named(50, 1, 224) in results else 128
    fifty = results.ratio(_named(50, 1, pixels), _named(18, 1, pixels), "seconds")
    by_macs = results.value(_named(50, 1, pixels), "macs") / results.value(_named(18, 1, pixels), "macs")
    others = _others(results)
    batched = _batched(results)
    checks: list[bool | None] = [None]
    if pixels == 224:
        checks = [above(fifty.interval, by_macs * 0.75), below(fifty.interval, by_macs * 1.25)]
    if deeper := [c for pair, c in others.items() if pair == (101, 50)]:
        checks.append(below(deeper[0].interval, 2.2))
    checks += [below(gain.interval, 1.5) for gain in batched.values()] or [None]
    costs = "; ".join(f"{over} against {under}: {found}" for (over, under), found in others.items())
    gains = "; ".join(f"{name}: {gain}" for name, gain in batched.items())
    points = TOP1["resnet50"] - TOP1["resnet18"]
    sentence = (
        f"ResNet-50 takes, against ResNet-18, {fifty} (its multiply-adds: {by_macs:.3g} ×) for one photo of {pixels} "
        f"pixels on one thread, {results.said(_named(50, 1, pixels), 'seconds')}, and is published to be {points:.1f} "
        f"points better. At {_widest(results)} pixels {costs}."
    )
    if gains:
        sentence += f" Throughput in batches of 16 against 1: {gains}."
    rows = [_row(results, depth, pixels) for depth in _DEPTHS if _named(depth, 1, pixels) in results]
    more = TOP1["resnet50"] - TOP1["resnet34"]
    note = (
        "ResNet-50's blocks narrow before their 3 × 3 and widen after it: for a few more multiply-adds than "
        f"ResNet-34's it has {more:.1f} points more, but it writes three times as many activations."
    )
    rule = _rule(results, pixels, fifty.interval.value, points)
    return Answer(
        sentence, rule, _charts(results, pixels), all_of(*checks), [note],
        {"Beside the published accuracy": rows},
    )  # fmt: skip


def _widest(results: Results) -> int:
    """Return the largest image at which all depths were measured at batch 1; else the smallest."""
    whole = [p for p in (224, 288, 128) if all(_named(depth, 1, p) in results for depth in _DEPTHS)]
    return whole[0] if whole else 128


def _others(results: Results) -> dict[tuple[int, int], Comparison]:
    pixels, found = _widest(results), dict[tuple[int, int], Comparison]()
    for over, under in ((34, 18), (50, 34), (101, 50)):
        if _named(over, 1, pixels) in results and _named(under, 1, pixels) in results:
            found[over, under] = results.ratio(_named(over, 1, pixels), _named(under, 1, pixels), "seconds")
    return found


def _batched(results: Results) -> dict[str, Comparison]:
    """Return the gain in throughput by batches, of those measured both ways at the usual size."""
    found: dict[str, Comparison] = {}
    for pixels in (224, 128):
        for depth in (18, 50):
            one, many = _named(depth, 1, pixels), _named(depth, 16, pixels)
            if not found.keys() & {f"ResNet-{depth}"} and one in results and many in results:
                found[f"ResNet-{depth}"] = results.ratio(many, one, "throughput")
    return found


def _rule(results: Results, pixels: int, wait: float, points: float) -> str:
    """Return what a GMAC takes, and what the deeper ones are for."""
    each = [results.value(_named(d, 1, pixels), "seconds") / results.value(_named(d, 1, pixels), "macs") * 1e9
            for d in _DEPTHS if _named(d, 1, pixels) in results]  # fmt: skip
    return (
        f"{amount(min(each), 's')} to {amount(max(each), 's')} a GMAC here, whatever the depth; time goes with the "
        f"pixels, so a smaller image is the cheapest way to be faster. Begin with 18; take 50 where {wait:.2g} times "
        f"the wait is worth {points:.0f} points; 101 brings {TOP1['resnet101'] - TOP1['resnet50']:.1f} more."
    )


def _row(results: Results, depth: int, pixels: int) -> Mapping[str, Any]:
    name = _named(depth, 1, pixels)
    return {
        "network": f"ResNet-{depth}", "right on ImageNet (published)": f"{TOP1[f'resnet{depth}']:.1f} %",
        "weights": results.said(name, "weights"), "multiply-adds": results.said(name, "macs"),
        "memory": results.said(name, "memory"), f"one photo of {pixels} px": results.said(name, "seconds"),
    }  # fmt: skip


def _charts(results: Results, pixels: int) -> list[Chart]:
    rows, speeds = [], []
    for arm in results.arms:
        seconds, rate = results.middle(arm.name, "seconds"), results.middle(arm.name, "throughput")
        if arm["batch"] == 1:
            rows.append({"x": arm["pixels"] ** 2 / 1e3, "y": 1e3 * seconds.value, "low": 1e3 * seconds.low,
                         "high": 1e3 * seconds.high, "series": f"ResNet-{arm['depth']}"})  # fmt: skip
        case = f"{arm['batch']} × {arm['pixels']} px"
        speeds.append({"x": case, "y": f"ResNet-{arm['depth']}", "value": rate.value})
    known = [
        {"x": 1e3 * results.value(name, "seconds"), "y": TOP1[f"resnet{depth}"], "name": f"ResNet-{depth}"}
        for depth in _DEPTHS if (name := _named(depth, 1, pixels)) in results
    ]  # fmt: skip
    return [
        charts.scatter(known, "What depth costs here, and what it is published to bring",
                       f"one photo of {pixels} px (ms)", "right on ImageNet (%)", log=False),
        charts.lines(rows, "Time grows as the pixels do", "thousand pixels", "one photo (ms)", by="network"),
        charts.heat(speeds, "Images a second, one thread", "batch × side", "network", "images/s", log=True,
                    labels=".3~g"),
    ]  # fmt: skip
