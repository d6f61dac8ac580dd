"""``onionskin peel``: the same training at seven levels, each a program that stands alone, proved equal."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from onionskin.cli.talk import progress, say, with_torch
from onionskin.errors import OnionskinError

HELP = "write a model's training at every level, down to pencil and paper"

#: What a check that found a difference exits with.
_DIFFERS = 1


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", metavar="TARGET", nargs="?",
                        help="an architecture (mlp, lenet, resnet …), a run of 'onionskin train', or "
                        "file.py:build")  # fmt: skip
    parser.add_argument("--level", help="line, loop, tensors, backward, numpy, scalars, paper or c")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="where to write it (default: TARGET_LEVEL.py)"
    )
    parser.add_argument("--check", action="store_true", help="run all levels beside the model and compare every number")
    parser.add_argument("--steps", type=int, help="how many steps to compare, or to work out on paper")
    parser.add_argument("--dtype", choices=("float64", "float32"), default="float64", help="default: float64")
    parser.add_argument(
        "--loss", help="cross_entropy, mse, bce_with_logits … (default: the example's, or cross_entropy)"
    )
    parser.add_argument("--optimizer", help="such as sgd:lr=0.125,momentum=0.5 or adam:lr=0.0078125")
    parser.add_argument("--clip", help="such as clip_norm:max_norm=1.0")
    parser.add_argument("--schedule", help="such as cosine:T_max=50")
    parser.add_argument("--watch", type=Path, metavar="RUN", help="record the level's training into a run folder")
    parser.add_argument("--explain", choices=("cost",), help="cost: multiply-adds, bytes and the roofline, by layer")
    parser.add_argument("--conventions", action="store_true", help="what must be agreed on for levels to be equal")
    parser.add_argument("--json", action="store_true", help="print the table as one JSON object")


def do(options: argparse.Namespace) -> int:
    if options.conventions:
        return _conventions(options)
    if options.target is None:
        raise OnionskinError(
            "there is nothing to peel", fix="name an architecture, such as 'onionskin peel mlp --check'"
        )
    if not (options.level or options.check or options.explain):
        raise OnionskinError(f"what of {options.target}?", fix="add --level numpy, --check, or --explain cost")
    chosen = {key: getattr(options, key) for key in ("loss", "optimizer", "clip", "schedule")}
    peeled = with_torch("onionskin.peel.target").peel_target(options.target, dtype=options.dtype, **chosen)
    if options.check:
        return _check(peeled, options)
    if options.explain:
        return _explain(peeled, options)
    if options.watch:
        return _watch(peeled, options)
    return _write(peeled, options)


def _write(peeled: Any, options: argparse.Namespace) -> int:
    if options.level == "paper":
        place = options.output or Path(f"{peeled.plan.name}_paper.html")
        paper = with_torch("onionskin.peel.levels.paper")
        paper.write(peeled.plan, steps=1 if options.steps is None else options.steps).save(place)
    elif str(options.output) == "-":
        print(peeled.program(options.level).source, end="")
        return 0
    else:
        place = peeled.write(options.level, options.output)
    if options.json:
        print(json.dumps({"file": str(place)}))
    else:
        say(f"wrote {place}" + ("" if options.level == "paper" else f" and {place.with_suffix('.npz').name} beside it"))
    return 0


def _check(peeled: Any, options: argparse.Namespace) -> int:
    levels = with_torch("onionskin.peel.compare").LEVELS
    only = (options.level,) if options.level else levels
    steps = 50 if options.steps is None else options.steps
    found: list[Any] = []
    with progress() as bar:
        task = bar.add_task("steps", total=steps, note="")
        for so_far in peeled.checking(steps=steps, only=only):
            found = so_far
            bar.advance(task)
    if options.json:
        rows = [{k: v for k, v in asdict(each).items() if not k.startswith("_")} for each in found]
        print(json.dumps({"target": options.target, "dtype": options.dtype, "levels": rows}))
    else:
        _print_agreement(found)
    return 0 if all(each.agrees for each in found) else _DIFFERS


def _print_agreement(found: list[Any]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("level", "steps", "loss gap", "tensor gap", "seconds a step", "first over the tolerance"):
        table.add_column(name, justify="left" if name in ("level", "first over the tolerance") else "right")
    for each in found:
        if each.refused:
            table.add_row(each.level, "–", "", "", "", f"does not apply: {each.refused}")
        else:
            numbers = (str(each.steps), f"{each.loss_gap:.1e}", f"{each.tensor_gap:.1e}", f"{each.seconds:.5f}")
            table.add_row(each.level, *numbers, each.first or "none")
    _console().print(table)


def _console() -> Any:
    from rich.console import Console

    return Console(file=sys.stdout)


def _explain(peeled: Any, options: argparse.Namespace) -> int:
    cost = with_torch("onionskin.peel.cost")
    explained = cost.cost(peeled.plan)
    if options.json:
        print(json.dumps(explained.to_json()))
    else:
        _console().print(explained.table())
    return 0


def _watch(peeled: Any, options: argparse.Namespace) -> int:
    watched = with_torch("onionskin.peel.watched")
    steps = 200 if options.steps is None else options.steps
    with progress() as bar:
        task = bar.add_task("steps", total=steps, note="")
        recording = watched.Watched(peeled, options.level, run=options.watch, steps=steps)
        for _ in recording:
            bar.advance(task)
    print(json.dumps({"run": str(recording.path)})) if options.json else say(
        f"recorded to {recording.path}; look at it with: onionskin view {recording.path}")  # fmt: skip
    return 0


def _conventions(options: argparse.Namespace) -> int:
    conventions = with_torch("onionskin.peel.conventions")
    rows = conventions.shown()
    if options.json:
        print(json.dumps([asdict(row) for row in rows]))
    else:
        conventions.tell(rows, _console())
    return 0
