"""Why pickle, and is there a standard?

A network is written in each format, opened again, and asked once; a small convolutional network and a ResNet-18 with
1,000 classes. *Writing* begins with a network in memory and ends with a closed file, so it includes following the graph
where the format keeps one (ONNX, .pt2). *Opening* begins with the path of a file that the system still has in memory
and ends with something that can be called, the median of five. Of formats that hold tensors alone it includes building
the architecture, on the meta device, so that no random weights are drawn; that is timed by itself as well. *First
inference* is the first answer for one picture after that, with what was put off until then. All on one thread.

What can go wrong is tried, too: a harmless hostile file for each format is opened in a child process. It asks for
nothing but ``open(marker, "w")``; if the marker is there afterwards, opening the file ran code of a stranger's choice.

Sources: the documentation of Python's ``pickle``; the format notes of safetensors, ONNX, GGUF and PyTorch's export.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

from onionskin.lab.answer import Answer, Chart
from onionskin.lab.charts import bars, scatter
from onionskin.lab.question import Arm, Measure, Skip
from onionskin.lab.questions._formats import FORMATS, Build, built_on_meta
from onionskin.lab.questions._hostile import DOORS, outcomes
from onionskin.lab.questions._stopwatch import seconds_of, timed
from onionskin.lab.results import Results
from onionskin.lab.statistics import Comparison, amount
from onionskin.models import convnet, resnet

CLAIM = (
    "Every format keeps four bytes a parameter and little more (within 5 % for a ResNet-18). Pickle is no faster to "
    "open than safetensors. With their usual calls only pickle and .pt2 run a stranger's code."
)
COST = 90
CHANGES = (
    "Networks of gigabytes on a cold disk, where mapping a file (safetensors, GGUF) reads only what is used; other "
    "versions of the libraries, which close doors and open new ones; weights in fewer bits (see 'size')."
)
SEEDS = 10
MEASURES = {
    "bytes": Measure("bytes", "size of the file", kind="size"),
    "overhead": Measure("share", "size beyond four bytes for each parameter"),
    "write": Measure("s", "from a network in memory to a file", kind="time"),
    "open": Measure("s", "from a file to a network that can be called", kind="time"),
    "build": Measure("s", "of that, building the architecture, where the file has tensors alone", kind="time"),
    "first": Measure("s", "first inference, one picture", kind="time"),
    "error": Measure("", "largest difference between its logits and the network's own"),
    "ran_code": Measure("", "whether a hostile file in this format ran code when it was opened (1) or not (0)"),
    "refused": Measure("", "whether the loader refused the hostile file with an error (1) or not (0)"),
}

NETS: Final = ("convnet", "resnet18")


def arms(is_quick: bool) -> list[Arm]:
    """Return every format with every network; few formats with the large one where time is short."""
    quick = ("pickle", "state_dict", "safetensors", "npz")
    return [
        Arm(_arm(net, name), {"net": net, "format": name}, needs=FORMATS[name].needs)
        for net in NETS
        for name in FORMATS
        if not is_quick or net == "convnet" or name in quick
    ]


def _arm(net: str, name: str) -> str:
    return f"{name}, {net}"


def _build(net: str) -> Build:
    if net == "convnet":
        return convnet.build
    return lambda: resnet.build(depth=18, classes=1000)


@cache
def _network(net: str) -> tuple[nn.Module, Tensor, Tensor, int]:
    """Return a network, a picture, the logits, and how many bytes its parameters are."""
    torch.manual_seed(0)
    model = _build(net)().eval()
    x = torch.randn(1, 1, 28, 28) if net == "convnet" else torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        logits = model(x)
    return model, x, logits, 4 * sum(p.numel() for p in model.parameters())


def warm(arm: Arm) -> None:
    """Make the network, import the format's library, and try the hostile files."""
    measure(Arm(arm.name, {"net": "convnet", "format": arm["format"]}), 0)
    _network(arm["net"])


def measure(arm: Arm, seed: int) -> dict[str, float]:
    """Write, open and ask once."""
    model, x, logits, least = _network(arm["net"])
    kind, build = FORMATS[arm["format"]], _build(arm["net"])
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "network"
        try:
            write, _ = timed(lambda: kind.write(model, x, path))
        except torch.onnx.errors.OnnxExporterError as error:
            raise Skip(f"this PyTorch cannot write it: {error}") from error
        opening = seconds_of(lambda: kind.open(path, build), least=5, seconds=0.0)
        run = kind.open(path, build)
        first, answer_ = timed(lambda: run(x))
        size = sum(file.stat().st_size for file in Path(folder).iterdir())
        numbers = {
            "bytes": size, "overhead": size / least - 1, "write": write, "open": opening, "first": first,
            "error": float((answer_ - logits).abs().max()),
        }  # fmt: skip
    if kind.is_tensors:
        numbers["build"] = seconds_of(lambda: built_on_meta(build), least=5, seconds=0.0)
    hostile = [outcome for outcome in outcomes() if outcome.door == arm["format"]]
    return numbers | {name: float(value) for tried in hostile for name, value in
                      (("ran_code", tried.ran), ("refused", tried.is_refused))}  # fmt: skip


def answer(results: Results) -> Answer:
    """Say what each format costs, and which ones run code."""
    nets = [net for net in NETS if any(arm["net"] == net for arm in results.arms)]
    net = nets[-1]
    names = [arm["format"] for arm in results.arms if arm["net"] == net]
    sizes = [results.value(_arm(net, name), "overhead") for name in names]
    runs = _running(results)
    files = _span([results.value(_arm(net, name), "bytes") for name in names])
    parts = [
        f"Files of {net} are {files} in {len(names)} formats, within {_points(max(map(abs, sizes)))} of four bytes a "
        "parameter"
    ]
    opening = _against_pickle(results, net, names)
    if opening:
        said = f"{opening} as long" if opening.differs else str(opening)
        times = [results.said(_arm(net, name), "open") for name in ("safetensors", "pickle")]
        building = results.said(_arm(net, "safetensors"), "build")
        parts.append(
            f"safetensors opens in {times[0]}, of which {building} build the network, and pickle in {times[1]} (one "
            f"against the other: {said})"
        )
    parts.append(f"a hostile file ran code as {' and '.join(runs)}" if runs else "no hostile file ran code")
    return Answer(
        sentence="; ".join(parts) + ".",
        rule="Weights for others: safetensors, and the architecture as code. A network that runs without Python: ONNX. "
        "Never open a stranger's pickle, .pt, .pth or .pt2.",
        charts=_charts(results, nets),
        claim_holds=_holds(results, runs, opening),
        notes=_NOTES,
        tables={
            "What is in it, and who opens it": _openers(),
            "Hostile files, opened in a child process": _doors(results),
        },
    )


def _running(results: Results) -> list[str]:
    found = {arm["format"]: results.value(arm.name, "ran_code") for arm in results.arms}
    return [name for name, value in found.items() if value == 1.0]


def _against_pickle(results: Results, net: str, names: Sequence[str]) -> Comparison | None:
    """Compare opening with safetensors', and return how that compares with pickle."""
    if not {"pickle", "safetensors"} <= set(names):
        return None
    compared = results.ratio(_arm(net, "safetensors"), _arm(net, "pickle"), "open")
    for name in names:
        if name not in ("pickle", "safetensors"):
            results.ratio(_arm(net, name), _arm(net, "safetensors"), "open")
    return compared


def _holds(results: Results, runs: Sequence[str], opening: Comparison | None) -> bool | None:
    """Whether all three parts of the claim came true; None where a part cannot be told."""
    large = [arm for arm in results.arms if arm["net"] == "resnet18"]
    if any(results.value(arm.name, "overhead") >= 0.05 for arm in large) or set(runs) - {"pickle", ".pt2"}:
        return False
    if opening and opening.differs and opening.interval.low > 1:
        return False
    tried = {arm["format"] for arm in results.arms if len(results.values(arm.name, "ran_code"))}
    is_told = len(large) == len(FORMATS) == len(tried) and opening is not None and opening.interval.high < 1.25
    return set(runs) == {"pickle", ".pt2"} if is_told else None


def _charts(results: Results, nets: Sequence[str]) -> list[Chart]:
    charts = []
    for net in reversed(nets):
        chosen = [arm for arm in results.arms if arm["net"] == net]
        rows = [
            {"x": results.value(arm.name, "write"), "y": results.value(arm.name, "open"), "name": arm["format"],
             "group": _said_of(results.value(arm.name, "ran_code"))}
            for arm in chosen
        ]  # fmt: skip
        title = f"{net}: writing and opening"
        charts.append(scatter(rows, title, "write (s)", "open (s)", by="a hostile file"))
    charts.append(bars(results, "overhead", "Beyond four bytes a parameter", name="share of four bytes a parameter"))
    return charts


def _said_of(ran: float) -> str:
    return "ran code" if ran == 1.0 else "ran nothing" if ran == 0.0 else "was not tried"


def _openers() -> list[dict[str, Any]]:
    return [{"format": name, "holds": kind.holds, "also opened by": kind.opened_by} for name, kind in FORMATS.items()]


def _doors(results: Results) -> list[dict[str, Any]]:
    arms_of = {arm["format"]: arm.name for arm in results.arms}
    rows = []
    for name, door in DOORS.items():
        ran, refused = (results.value(arms_of[name], what) if name in arms_of else float("nan")
                        for what in ("ran_code", "refused"))  # fmt: skip
        if ran == ran:
            became = _said_of(ran) + (
                ", then an error" if ran and refused else ": refused" if refused else ": only text"
            )
            rows.append({"opened as": name, "put in": door.put_in, "became of it": became})
    return rows


def _span(sizes: Sequence[float]) -> str:
    low, high = amount(min(sizes), "bytes"), amount(max(sizes), "bytes")
    return low if low == high else f"{low} to {high}"


def _points(share: float) -> str:
    return f"{100 * share:.2g} %".replace("-", "−")


_NOTES: Final = (
    "Why pickle: it came with Python, needs no schema, and keeps a whole object in one call. It keeps no class, only "
    "its name: move or rename the class and the file does not open.",
    "There is no one standard: safetensors is what weights are exchanged in, ONNX what whole networks are, GGUF what "
    "language models in few bits are.",
    "weights_only=True reads a pickle by a list of what is allowed. It has had two published holes (CVE-2025-32434 and "
    "CVE-2026-24747), both mended; scanners that look for forbidden names in pickles are bypassed again and again.",
    ".pt2 is a ZIP file whose index may declare a weight to be a pickle, which is loaded like any (pytorch#153410).",
    "NumPy opens an array of objects only with allow_pickle=True, and is as open as pickle then (tried as well).",
    "A refused file is no proof of safety: these are one attempt each, at what the format is known for.",
)
