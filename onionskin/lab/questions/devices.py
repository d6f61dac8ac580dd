"""What can this machine compute, and when does a GPU win?

Method: five numbers say what a device can do at best, after Williams, Waterman & Patterson (2009), "Roofline":
floating-point operations a second in a product of two matrices of 1,024 × 1,024 (quickly: 512 × 512); bytes a second
in a triad a = b + s c of arrays that fit into no cache; what starting one operation costs, on 64 numbers; how fast 64
MiB are brought to the device (on the processor itself: copied in memory); and what is gained by less precision, in
bfloat16 and int8.

A dense layer with ReLU is then computed on both for several widths and batches, which make one or the other win. On
the GPU it is timed twice: with everything there already, and with the input sent and the result fetched.

What the processor's speed is made of is shown by taking it away: its vector units by telling NumPy, in a process of
its own, to leave the wide ones alone, and by a loop in Python; its cores by PyTorch's number of threads; its caches
by adding one array to another over and over, in one call, while both grow beyond one cache after the other.

Every number is the median of several samples of a millisecond or more; arms are interleaved. Where there is no GPU,
its arm is not measured here: ask again on a machine that has one, and bring its file with "onionskin lab merge FILE".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

import altair as alt

from onionskin.lab import charts
from onionskin.lab.answer import Answer, Chart
from onionskin.lab.machine import cores
from onionskin.lab.question import Arm, Measure
from onionskin.lab.questions import _hardware
from onionskin.lab.questions._verdict import above, all_of, below
from onionskin.lab.results import Results
from onionskin.lab.statistics import amount
from onionskin.peel.roofline import roofline

CLAIM = (
    "Each doubling of the vector width gains 1.5 × or more in exp over an array, and all of it 20 × over a loop "
    "in Python; a second core gains 1.7 × in a product of matrices; what fits into the first cache moves 4 × as "
    "fast as what fits into none. A GPU multiplies matrices 10 × as fast as the processor, and still loses a "
    "layer of 64 at batch 1."
)
COST = 90
CHANGES = (
    "Another processor (wider vectors, larger caches, more cores), a GPU, a library built for other vector units, or "
    "many small operations recorded once and launched together, as torch.compile and CUDA graphs do."
)
MEASURES = {
    "seconds": Measure("s", "one call", kind="time"),
    "f32": Measure("GFLOP/s", "product of matrices in float32", kind="size"),
    "f64": Measure("GFLOP/s", "product of matrices in float64", kind="size"),
    "bf16": Measure("GFLOP/s", "product of matrices in bfloat16", kind="size"),
    "int8": Measure("GFLOP/s", "product of matrices in int8", kind="size"),
    "bandwidth": Measure("GB/s", "bytes read and written a second", kind="size"),
    "launch": Measure("s", "starting one operation", kind="time"),
    "transfer": Measure("GB/s", "bytes brought to the device a second", kind="size"),
    "carried": Measure("s", "one call, its input sent and its result fetched", kind="time"),
    "doubles": Measure("s", "the same in float64", kind="time"),
}

_DEVICES: Final = ("processor", "GPU")
_ONE: Final = "processor, one thread"
_LOOP: Final = "exp, a loop in Python"
_BITS: Final = (128, 256, 512)


def arms(is_quick: bool) -> list[Arm]:
    """Return what each device can do, layers on each, and what the processor's speed is made of."""
    seconds, side = (0.05, 512) if is_quick else (0.15, _hardware.SIDE)
    found = [Arm(device, {"part": "device", "device": device, "seconds": seconds, "side": side}) for device in _DEVICES]
    found.append(Arm(_ONE, {"part": "roofline", "seconds": 2 * seconds}))
    widths, batches = ((64, 1024), (1, 64)) if is_quick else ((64, 256, 1024, 4096), (1, 8, 64, 512))
    for device in _DEVICES if _hardware.gpu() else _DEVICES[:1]:  # a GPU that is missing is named once, above
        found += [
            Arm(_layer(device, width, batch), {
                "part": "layer", "device": device, "width": width, "batch": batch, "seconds": seconds / 2})
            for width in widths for batch in batches
        ]  # fmt: skip
    found += [
        Arm(_vectors(bits), {"part": "vectors", "bits": bits, "samples": 40 if is_quick else 150}) for bits in _BITS
    ]
    found.append(Arm(_LOOP, {"part": "loop", "seconds": seconds}))
    counts = {1, 2, cores()} if is_quick else {*(2**n for n in range(8)), cores()}
    found += [Arm(_threads(n), {"part": "threads", "threads": n, "seconds": 2 * seconds})
              for n in sorted(counts) if n <= cores()]  # fmt: skip
    sizes = (8, 256, 4096, 131072) if is_quick else tuple(2**n for n in range(2, 19))
    found += [Arm(_arrays(size), {"part": "cache", "kib": size, "seconds": seconds / 2}) for size in sizes]
    return found


def _layer(device: str, width: int, batch: int) -> str:
    return f"{device}: layer of {width:,}, batch {batch}"


def _vectors(bits: int) -> str:
    return f"exp, vectors of {bits} bits"


def _threads(count: int) -> str:
    return f"product, {count} thread{'s' if count > 1 else ''}"


def _arrays(kib: int) -> str:
    return f"arrays of {kib} KiB" if kib < 1024 else f"arrays of {kib // 1024} MiB"


def measure(arm: Arm, seed: int) -> dict[str, float]:
    """Return the numbers of one arm."""
    match arm["part"]:
        case "device":
            return _hardware.five_numbers(arm["device"], arm["seconds"], arm["side"])
        case "layer":
            return _hardware.layer(arm["device"], arm["width"], arm["batch"], arm["seconds"])
        case "vectors":
            return _hardware.vectors(arm["bits"], arm["samples"])
        case "loop":
            return _hardware.loop(arm["seconds"])
        case "threads":
            return _hardware.product(arm["threads"], arm["seconds"])
        case "cache":
            return _hardware.cached(arm["kib"], arm["seconds"])
        case _:
            found = roofline(seconds=arm["seconds"])
            seconds = 2 * 512**3 / found.flops
            return {"seconds": seconds, "f32": found.flops / 1e9, "bandwidth": found.bandwidth / 1e9}


# ---------------------------------------------------------------------- what it says


def answer(results: Results) -> Answer:
    """Return the five numbers of each device, where each wins, and what the processor's speed is made of."""
    gains, gained = _gains(results)
    wins, won = _wins(results)
    devices = [_numbers(results, device) for device in _DEVICES if device in results]
    absent = [] if "GPU" in results else ["A GPU is not measured here."]
    checks = [*gained, *(won or [None])]  # without a GPU, the claim about it is not decided
    said = [*devices, *wins] if wins else [*devices, *absent, *gains]
    roofs = "The roofs are what was reached here, not what the makers print; a layer above its roof lay in a cache."
    notes = [roofs, *(gains if wins else [])]
    exp = [arm.name for arm in results.arms if arm["part"] in ("loop", "vectors")]
    drawn = [
        _roofline_chart(results), _cache_chart(results),
        charts.bars(results, "seconds", "exp of 4,096 numbers", arms=exp, log=True), *_layer_charts(results),
    ]  # fmt: skip
    table = {
        "Five numbers a device, and what it gains by precision": [_row(results, d) for d in _DEVICES if d in results]
    }
    return Answer(" ".join(said), _rule(results), drawn, all_of(*checks), notes, table)


def _numbers(results: Results, device: str) -> str:
    """Return a device's five numbers as a sentence."""

    def rate(name: str) -> str:
        return results.said(device, name)

    base = results.value(device, "f32")
    gains = [f"{results.value(device, name) / base:.2g} × in {name}" for name in ("f64", "bf16", "int8")
             if results.middle(device, name).count]  # fmt: skip
    brought = "copies memory" if device == "processor" else "is brought data"
    return (
        f"The {device} multiplies matrices at {rate('f32')} (by precision: {', '.join(gains)}), streams "
        f"{rate('bandwidth')}, starts an operation in {rate('launch')} and {brought} at {rate('transfer')}."
    )


def _row(results: Results, device: str) -> dict[str, str]:
    names = ("f32", "f64", "bf16", "int8", "bandwidth", "launch", "transfer")
    had = {
        results.measures[name].meaning: results.said(device, name)
        for name in names
        if results.middle(device, name).count
    }
    return {"device": device, **had}


def _gains(results: Results) -> tuple[list[str], list[bool | None]]:
    """Return what vectors, threads and caches gain, and which parts of the claim hold."""
    said: list[str] = []
    checks: list[bool | None] = []
    wide = [bits for bits in _BITS if _vectors(bits) in results]
    for narrow, wider in pairwise(wide):
        checks.append(above(results.ratio(_vectors(narrow), _vectors(wider), "seconds").interval, 1.5))
    if len(wide) > 1:
        gain = results.ratio(_vectors(wide[0]), _vectors(wide[-1]), "seconds")
        said.append(f"vectors of {wide[-1]} bits against {wide[0]} {gain}")
    if wide and _LOOP in results:
        gain = results.ratio(_LOOP, _vectors(wide[-1]), "seconds")
        checks.append(above(gain.interval, 20))
        said.append(f"an array against a loop in Python {gain}")
    counts = [arm["threads"] for arm in results.arms if arm["part"] == "threads"]
    if len(counts) > 1:
        gain = results.ratio(_threads(counts[0]), _threads(counts[-1]), "seconds")
        second = results.ratio(_threads(counts[0]), _threads(counts[1]), "seconds") if len(counts) > 2 else gain
        checks.append(above(second.interval, 1.7))
        said.append(f"{counts[-1]} threads against one {gain}")
    sizes = [arm["kib"] for arm in results.arms if arm["part"] == "cache"]
    if len(sizes) > 1:
        small = min(sizes, key=lambda kib: abs(kib - 8))
        gain = results.ratio(_arrays(small), _arrays(sizes[-1]), "bandwidth")
        checks.append(above(gain.interval, 4))
        said.append(f"{_arrays(small)} against {_arrays(sizes[-1])[10:]} {gain} the bytes a second")
    text = f"What the processor's speed is made of: {'; '.join(said)}." if said else ""
    return [text] if text else [], checks


def _wins(results: Results) -> tuple[list[str], list[bool | None]]:
    """Return which layers the GPU wins, and whether the claim about it holds; nothing where there is none."""
    layers = [a for a in results.arms if a["part"] == "layer" and a["device"] == "GPU"]
    cases = [(a["width"], a["batch"]) for a in layers if _layer("processor", a["width"], a["batch"]) in results]
    if not cases or not {"GPU", "processor"} <= {a.name for a in results.arms}:
        return [], []
    gains = {case: results.ratio(_layer("processor", *case), _layer("GPU", *case), "seconds") for case in cases}
    lost = [case for case, gain in gains.items() if gain.interval.high < 1]
    won = [case for case, gain in gains.items() if gain.interval.low > 1]
    said = []
    if won:
        width, batch = min(won, key=lambda case: case[0] ** 2 * case[1])
        said.append(f"The GPU wins {len(won)} of {len(cases)} layers, the smallest of {width:,} at batch {batch},")
        width, batch = max(gains, key=lambda case: gains[case].interval.value)
        said.append(f"the most of {width:,} at batch {batch}: {gains[width, batch]}.")
    if lost:
        width, batch = max(lost, key=lambda case: case[0] ** 2 * case[1])
        said.append(f"The processor wins {len(lost)}, the largest of {width:,} at batch {batch}.")
    faster = above(results.ratio("GPU", "processor", "f32").interval, 10)
    small = gains.get((64, 1))
    return [" ".join(said)], [faster, *([below(small.interval, 1)] if small else [])]


def _rule(results: Results) -> str:
    rules = []
    for device in (device for device in _DEVICES if device in results):
        flops, launch = results.value(device, "f32") * 1e9, results.value(device, "launch")
        ridge = flops / results.value(device, "bandwidth") / 1e9
        rules.append(
            f"On the {device} an operation below {amount(flops * launch)} FLOP costs its start, not its arithmetic: "
            f"make batches; and below {ridge:.0f} FLOP a byte it waits for memory."
        )
    return " ".join(rules) or "Measure the device before choosing it."


# ---------------------------------------------------------------------- charts


def _roofline_chart(results: Results) -> Chart:
    """Return each device's roof, and the layers under it."""
    roofs, dots = [], []
    for device in (arm.name for arm in results.arms if arm["part"] in ("device", "roofline")):
        flops, bandwidth = results.value(device, "f32"), results.value(device, "bandwidth")
        ends = sorted({0.125, flops / bandwidth, 1024.0})
        roofs += [{"x": x, "y": min(flops, x * bandwidth), "series": device} for x in ends]
    for arm in (arm for arm in results.arms if arm["part"] == "layer"):
        width, batch = arm["width"], arm["batch"]
        moved = 4 * (width**2 + width + 2 * batch * width)
        dots.append({"x": 2 * batch * width**2 / moved, "y": results.value(arm.name, "f32"), "series": arm["device"],
                     "name": f"{width:,} × {batch}"})  # fmt: skip
    title = "The roof, and layers (width × batch) under it"
    places: Mapping[str, Any] = {
        "x": alt.X("x:Q", title="FLOP a byte", scale=alt.Scale(type="log")),
        "y": alt.Y("y:Q", title="GFLOP/s, float32", scale=alt.Scale(type="log")),
        "color": alt.Color("series:N", title=None, sort=None, scale=alt.Scale(range=list(charts.COLOURS))),
    }
    line = alt.Chart({"values": roofs}).mark_line().encode(**places)
    point = alt.Chart({"values": dots}).encode(**places)
    layers = [line, point.mark_circle(size=50), point.mark_text(align="left", dx=6, fontSize=9).encode(text="name:N")]
    chart = alt.layer(*layers).properties(width=charts.WIDTH, height=charts.HEIGHT, title=title)
    return Chart(title, charts.spec_of(chart))


def _cache_chart(results: Results) -> Chart:
    rows = []
    for arm in (arm for arm in results.arms if arm["part"] == "cache"):
        found = results.middle(arm.name, "bandwidth")
        rows.append(
            {"x": arm["kib"] / 1024, "y": found.value, "low": found.low, "high": found.high, "series": "z += x"}
        )
    title = "Each cache is a step: bytes a second by the size of the arrays"
    return charts.lines(rows, title, "both arrays (MiB)", "GB/s read and written", log_x=True)


def _layer_charts(results: Results) -> Iterator[Chart]:
    """Yield the rate of a layer by batch, and, where there is a GPU, how many times as fast it is."""
    rows, gains, carried = [], [], []
    for arm in (arm for arm in results.arms if arm["part"] == "layer"):
        width, batch, found = arm["width"], arm["batch"], results.middle(arm.name, "f32")
        rows.append({"x": batch, "y": found.value, "series": f"{width:,}, {arm['device']}"})
        processor = _layer("processor", width, batch)
        if arm["device"] == "GPU" and processor in results:
            here, cell = results.value(processor, "seconds"), {"x": str(batch), "y": f"{width:,}"}
            gains.append({**cell, "value": here / results.value(arm.name, "seconds")})
            carried.append({**cell, "value": here / results.value(arm.name, "carried")})
    yield charts.lines(
        rows, "A layer gains by its batch until it meets the roof", "batch", "GFLOP/s",
        log_x=True, log_y=True, by="width",
    )  # fmt: skip
    if gains:
        for cells, what in ((gains, "with everything there"), (carried, "input sent, result fetched")):
            title = f"How many times as fast the GPU is, {what}: above 1 it wins"
            yield charts.heat(cells, title, "batch", "width", "times", log=True, labels=".2~r")
