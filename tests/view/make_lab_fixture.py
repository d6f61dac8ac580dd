"""Writes the committed answers of a lab: ``python -m tests.view.make_lab_fixture``.

The numbers are made up; the shapes are those of real answers: four kinds of chart, two machines of which one was busy,
a claim that failed, an arm that was skipped, trials that recorded runs, and questions that nobody has asked yet.
"""

from __future__ import annotations

import json
import math
import random
import shutil
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "fixtures" / "lab"

#: The run that the first trial of ``batch`` recorded, as the answers call it.
RUN = "runs/batch/sgd-32-0"

_SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
_NETS = {"lenet": 0.42, "mobilenet": 59.0, "resnet18": 1820.0, "resnet34": 3670.0, "resnet50": 4110.0, "vit": 4600.0}
_LAPTOP = {"key": "3f2a91", "name": "Intel Core i5-1135G7, 4 cores", "details": {"memory": "16 GiB", "system": "Linux"}}
_SERVER = {"key": "b07c44", "name": "AMD EPYC 7763, 2 cores", "details": {"memory": "24 GiB", "system": "Linux x86_64"}}


def charted(title: str, **spec: Any) -> dict[str, Any]:
    """Return a chart as an answer keeps it."""
    return {"title": title, "spec": {"$schema": _SCHEMA, **spec}}


def _field(name: str, kind: str, title: str, **more: Any) -> dict[str, Any]:
    return {"field": name, "type": kind, "title": title, **more}


def bars(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return bars with a rule over each interval."""
    net, seconds = _field("arm", "nominal", "", sort=None), _field("seconds", "quantitative", "seconds")
    ends = {"x": _field("low", "quantitative", ""), "x2": {"field": "high"}}
    return charted(
        "Seconds of one forward",
        data={"values": rows},
        layer=[
            {"mark": "bar", "encoding": {"y": net, "x": seconds}},
            {"mark": "rule", "encoding": {"y": net, **ends}},
        ],
    )


def scatter(rows: list[dict[str, Any]], slope: float, factor: float) -> dict[str, Any]:
    """Return points in log-log with the line that was fitted."""
    ends = [min(row["macs"] for row in rows), max(row["macs"] for row in rows)]
    line = [{"macs": x, "seconds": factor * x**slope} for x in ends]
    log = {"scale": {"type": "log"}}
    x = _field("macs", "quantitative", "multiplications (millions)", **log)
    y = _field("seconds", "quantitative", "seconds", **log)
    return charted(
        "Size against time, and the line fitted",
        layer=[
            {
                "data": {"values": rows},
                "mark": "point",
                "encoding": {"x": x, "y": y, "tooltip": [{"field": "arm"}, {"field": "seconds"}]},
            },
            {"data": {"values": line}, "mark": "line", "encoding": {"x": x, "y": y}},
        ],
    )


def lines(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a line an optimiser, in a band of its interval."""
    x, colour = _field("step", "quantitative", "step"), _field("optimiser", "nominal", "optimiser")
    band = {"y": _field("low", "quantitative", "loss"), "y2": {"field": "high"}, "x": x, "color": colour}
    return charted(
        "Loss over steps at a batch of 32",
        data={"values": rows},
        layer=[
            {"mark": {"type": "area", "opacity": 0.2}, "encoding": band},
            {"mark": "line", "encoding": {"x": x, "y": _field("loss", "quantitative", "loss"), "color": colour}},
        ],
    )


def heat(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a map of the loss over batch and learning rate."""
    return charted(
        "Loss after 300 steps",
        data={"values": rows},
        mark="rect",
        encoding={
            "x": _field("batch", "ordinal", "batch"),
            "y": _field("rate", "ordinal", "learning rate", sort="descending"),
            "color": _field("loss", "quantitative", "loss"),
        },
    )


def _latency(machine: dict[str, Any], seed: int, slower: float, **said: Any) -> dict[str, Any]:
    """Return the answer of one machine to how long a forward takes."""
    chance = random.Random(seed)
    rows, arms, trials = [], [], []
    for arm, macs in _NETS.items():
        seconds = slower * 1.9e-4 * macs**0.72 * math.exp(chance.gauss(0, 0.15))
        row = {"arm": arm, "macs": macs, "seconds": seconds, "low": 0.93 * seconds, "high": 1.08 * seconds}
        rows.append({key: float(f"{value:.4g}") if key != "arm" else value for key, value in row.items()})
        number = {key: rows[-1][key] for key in ("low", "high")} | {"value": rows[-1]["seconds"], "count": 3}
        arms.append({"arm": arm, "macs": macs, "number": number})
        for trial in range(3):
            taken = float(f"{seconds * math.exp(chance.gauss(0, 0.05)):.4g}")
            trials.append(_trial(arm, trial, {"seconds": taken}, is_busy=bool(said["is_busy"]) and trial == 1))
    ratio = {
        "what": "resnet34 / resnet18",
        "measure": "seconds",
        "kind": "ratio",
        "value": 1.66,
        "low": 1.58,
        "high": 1.75,
    }
    same = {"what": "vit / resnet50", "measure": "seconds", "kind": "ratio", "value": 1.04, "low": 0.93, "high": 1.17}
    return {
        "machine": machine,
        **said,
        "rule": "Ten times the multiplications take five times as long.",
        "charts": [scatter(rows, 0.72, slower * 1.9e-4), bars(rows)],
        "comparisons": [
            {**ratio, "text": "1.66 × (1.58 to 1.75)", "differs": True},
            {**same, "text": "no difference found (0.93 to 1.17)", "differs": False},
        ],
        "measures": {"seconds": {"unit": "s", "meaning": "one forward of one photo, median"}},
        "arms": [
            {"name": one["arm"], "settings": {"macs": one["macs"]}, "numbers": {"seconds": one["number"]}}
            for one in arms
        ],
        "skipped": [{"arm": "onnxruntime", "reason": "onnxruntime is not installed: pip install onnxruntime"}],
        "trials": trials,
        "versions": {"python": "3.11.2", "torch": "2.13.0+cpu"},
    }


def _trial(
    arm: str, seed: int, numbers: dict[str, Any], *, is_busy: bool = False, runs: tuple[str, ...] = ()
) -> dict[str, Any]:
    started = f"2026-11-30T20:{10 + seed:02}:00Z"
    times = {"wall_seconds": 1.2, "cpu_seconds": 1.1, "others": 0.7 if is_busy else 0.02}
    return {
        "arm": arm,
        "seed": seed,
        "started": started,
        **times,
        "is_busy": is_busy,
        "numbers": numbers,
        "runs": [*runs],
    }


def _batch() -> dict[str, Any]:
    grid = [
        {"batch": batch, "rate": rate, "loss": round(0.4 + 0.3 * abs(math.log10(rate / 0.003 / batch**0.5)), 3)}
        for batch in (8, 32, 128, 512)
        for rate in (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
    ]
    course = [
        {
            "step": step,
            "optimiser": name,
            "loss": round(loss, 3),
            "low": round(0.85 * loss, 3),
            "high": round(1.2 * loss, 3),
        }
        for name, speed in (("sgd", 60.0), ("adam", 25.0))
        for step in range(0, 301, 30)
        for loss in [0.1 + 2.2 * math.exp(-step / speed)]
    ]
    measured = {"value": 0.42, "low": 0.39, "high": 0.47, "count": 2}
    return {
        "machine": _LAPTOP,
        "date": "2026-11-30T20:40:00Z",
        "is_quick": False,
        "is_busy": False,
        "busy": "",
        "sentence": "Until a batch of 128, four times the batch wants twice the rate; beyond, nothing is gained.",
        "rule": "Multiply the rate by the root of the batch.",
        "claim_holds": False,
        "charts": [heat(grid), lines(course)],
        "comparisons": [
            {"what": "adam − sgd", "measure": "loss", "kind": "difference", "value": -0.08, "low": -0.12, "high": -0.03,
             "text": "−0.08 (−0.12 to −0.03)", "differs": True},
        ],
        "measures": {"loss": {"unit": "", "meaning": "loss on held-out examples after 300 steps"}},
        "arms": [
            {"name": "sgd-32", "settings": {"batch": 32}, "numbers": {"loss": measured}},
            {"name": "sgd-512", "settings": {"batch": 512}, "numbers": {"loss": {**measured, "high": None}}},
        ],
        "skipped": [],
        "trials": [
            _trial("sgd-32", 0, {"loss": 0.41}, runs=(RUN,)),
            _trial("sgd-32", 1, {"loss": 0.43}, runs=("runs/batch/sgd-32-1",)),
            _trial("sgd-512", 0, {"loss": None}),
        ],
        "versions": {"python": "3.11.2", "torch": "2.13.0+cpu"},
    }  # fmt: skip


def questions() -> list[dict[str, Any]]:
    """Return every question with its answers, in the order of reading."""
    busy = "machine was busy: others took 0.7 of 4 cores; close other programs and run it again"
    latency = [
        _latency(
            _SERVER, 1, 1.0, date="2026-11-29T09:12:00Z", is_quick=False, is_busy=False, busy="",
            sentence="One photo takes 0.5 ms to 80 ms; multiplications explain 96 % of it.", claim_holds=True,
        ),
        _latency(
            _LAPTOP, 2, 1.7, date="2026-11-30T20:15:00Z", is_quick=True, is_busy=True, busy=busy,
            sentence="One photo takes 0.8 ms to 140 ms; multiplications explain 91 % of it.", claim_holds=None,
        ),
    ]  # fmt: skip
    asked = {
        "latency": ("How long does inference take, and does size predict it?", "It does: R² ≥ 0.9.", latency),
        "depth": ("ResNet-18 against 34, 50, 101: what does depth cost?", "Twice the layers take twice the time.", []),
        "batch": ("What does the size of a batch do?", "Four times the batch wants four times the rate.", [_batch()]),
        "formats": ("Why pickle, and is there a standard?", "Safetensors opens fastest, and runs no code.", []),
    }  # fmt: skip
    return [
        {
            "format": 1,
            "name": name,
            "question": question,
            "claim": claim,
            "method": "Arms run in random order after one warm-up.\n\nIntervals are bootstrap intervals of 95 %.",
            "cost_seconds": 180,
            "again": f"onionskin lab {name}",
            "change": "A graphics card, more threads, or a larger batch.",
            "answers": answers,
        }
        for name, (question, claim, answers) in asked.items()
    ]


def main() -> None:
    """Write the list of questions, and a file for each that has an answer."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER / "answers").mkdir(parents=True)
    short = ("date", "sentence", "is_quick", "is_busy")
    listed = []
    for question in questions():
        one = {name: question[name] for name in ("name", "question", "claim")}
        one["answers"] = [
            {"machine": answer["machine"]["name"], **{name: answer[name] for name in short}}
            for answer in question["answers"]
        ]
        listed.append(one)
        if question["answers"]:
            _write(f"{question['name']}.json", question)
    _write("index.json", {"format": 1, "questions": listed})


def _write(name: str, content: dict[str, Any]) -> None:
    (FOLDER / "answers" / name).write_text(json.dumps(content, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
