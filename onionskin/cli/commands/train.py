"""``onionskin train``: train on photos, texts, tables, ratings or pairs, recorded and shown live."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import webbrowser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, Final

from onionskin.cli.talk import can_open_a_browser, say, with_torch
from onionskin.errors import OnionskinError

#: What a shell expects of a command that was ended by Ctrl-C.
_INTERRUPTED = 130

HELP = "train on photos, texts, a table, ratings or pairs, recorded and shown live"

#: Settings that go to the domain, and options that go to the training.
SETTINGS: Final = ("target", "size", "model", "from_scratch", "fine_tune", "valid", "split", "decisions", "seed")
OPTIONS: Final = ("epochs", "lr", "batch", "weight_decay", "patience", "precision", "accumulate")


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="PATH|NAME", nargs="?", help="a folder of photos or texts, a CSV file, or a "
                        "name from 'onionskin data', such as digits (seconds) or mnist (half a minute)")  # fmt: skip
    add_settings(parser)
    training = parser.add_argument_group("how it is trained")
    training.add_argument("--epochs", type=int, help="how often to go through the training data")
    training.add_argument("--lr", type=float, help="the highest learning rate")
    training.add_argument("--batch", type=int, help="examples a step")
    training.add_argument("--weight-decay", type=float, help="what is taken off the weights")
    training.add_argument("--patience", type=int, help="stop after so many epochs without a better measure")
    training.add_argument("--precision", choices=["float32", "mixed"], help="mixed: forwards in bfloat16")
    training.add_argument("--accumulate", type=int, help="batches a step")
    parser.add_argument("--run", type=Path, help="the run folder to make (default: runs/<name>-<n>)")
    parser.add_argument("--resume", type=Path, metavar="RUN", help="go on with a training that was stopped or killed")
    parser.add_argument("--budget", type=float, default=0.1, help="share of time recording may take (default: 0.1)")
    parser.add_argument("--view", action=argparse.BooleanOptionalAction, default=True, help="open the live page")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what to make of data: for every command that takes data."""
    group = parser.add_argument_group("what to make of the data")
    group.add_argument(
        "--domain", help="vision, text, tabular, recommend or multimodal (default: what the data look like)"
    )
    group.add_argument("--target", help="the column to learn")
    group.add_argument("--size", type=int, help="of pictures: height and width (pixels)")
    group.add_argument("--model", help="the architecture, or the pretrained model")
    group.add_argument("--from-scratch", action="store_true", default=None, help="begin with random weights")
    group.add_argument("--fine-tune", action="store_true", default=None, help="train the pretrained part as well")
    group.add_argument("--valid", type=float, help="the share that is held out (default: 0.2)")
    group.add_argument("--split", help="how it is held out: random, and what the domain knows besides")
    group.add_argument("--decisions", type=Path, help="what 'onionskin clean' wrote down of single examples")
    group.add_argument("--seed", type=int, help="the same seed gives the same numbers (default: 0)")


def do(options: argparse.Namespace) -> int:
    if options.source == "bears" and options.resume is None:
        if not Path("bears").is_dir():
            return _bears(options)
        options.source = "bears/"
    learner, asked = _resumed(options) if options.resume else _begun(options)
    understood = learner.domain.understood
    say(understood.what)
    for note in understood.notes:
        say(f"note: {note}")
    training = learner.training(**asked, budget=options.budget)
    path = training.recorder.path
    with _viewer(path) if options.view else nullcontext() as address:
        say(f"recording to {path}" + (f", live at {address}" if address else ""))
        if address and can_open_a_browser():
            webbrowser.open(address)
        try:
            for _ in with_torch("onionskin.learn.progress").told(training, options.source or path.name):
                pass
            result = learner.ended(training)
        except KeyboardInterrupt:
            say(f"stopped; what was trained so far is in {path}; go on with: onionskin train --resume {path}")
            return _INTERRUPTED
        _tell(learner, result, address, as_json=options.json)
        if address and sys.stdout.isatty():
            say(f"the page stays at {address} until Ctrl-C")
            with suppress(KeyboardInterrupt):
                _wait()
        else:
            say(f"look again with: onionskin view {path}")
    return 0


def _bears(options: argparse.Namespace) -> int:
    """Show the three bears, which are no training, and say how to come by one."""
    bears = with_torch("onionskin.learn.bears")
    say(bears.WHAT_IT_IS)
    seen = bears.demo()
    if options.json:
        rows = [{"file": str(each.file), "label": each.label, "names": each.names, "probabilities": each.probabilities}
                for each in seen]  # fmt: skip
        print(json.dumps({"demo": True, "note": bears.WHAT_IT_IS, "pictures": rows}))
    else:
        for each in seen:
            told = ", ".join(
                f"{n} {100 * p:.0f} %" for n, p in zip(each.names, each.probabilities, strict=True) if p >= 0.01
            )
            print(f"{each.file.name} (a {each.label}): {told}")
    say(bears.HOW_TO_GO_ON)
    return 0


def _begun(options: argparse.Namespace) -> tuple[Any, dict[str, Any]]:
    """Return the learner of what was given, and what its training is asked for."""
    if options.source is None:
        raise OnionskinError("nothing to train on was given", fix="give a path or a name: onionskin train mnist")
    learner = with_torch("onionskin.learn.guess").learner(
        options.source, options.domain, **{name: getattr(options, name) for name in SETTINGS}
    )
    asked = {name: getattr(options, name) for name in OPTIONS if getattr(options, name) is not None}
    name = Path(options.source).resolve().stem if Path(options.source).exists() else options.source
    run = options.run or _free(Path("runs") / f"{name}-1")
    return learner, {**asked, "run": run}


def _resumed(options: argparse.Namespace) -> tuple[Any, dict[str, Any]]:
    """Return the learner of a training that was stopped, and what it was asked for."""
    learner, plan = with_torch("onionskin.learn.resume").stopped(options.resume)
    given = [name for name in ("source", "domain", "run", *SETTINGS, *OPTIONS) if getattr(options, name) is not None]
    if given:
        raise OnionskinError(f"--resume goes on with what the training was begun with, and {given[0]} was given",
                             fix=f"leave it out: onionskin train --resume {options.resume}")  # fmt: skip
    return learner, {**plan, "run": options.resume, "resume": True}


def _tell(learner: Any, result: Any, address: str | None, *, as_json: bool) -> None:
    say(str(result))
    others = {n: v for n, v in result.measured.items() if n not in (learner.domain.goal.measure, "val_loss")}
    if others:
        say(", ".join(f"{name.replace('_', ' ')} {value:.3f}" for name, value in others.items()))
    if result.epoch < result.epochs:
        last = learner.domain.goal.shown(result.last)
        place = f"epoch {result.epoch} of {result.epochs}, the best by this same measure"
        say(f"that is after {place}; after the last: {last}")
    for baseline in result.baselines:
        note = f"; {baseline.note}" if baseline.note else ""
        say(f"{baseline.name}: {_shown(learner, baseline.measured)} in {baseline.seconds:.1f} s{note}")
    if as_json:
        told = {
            "run": str(result.run), "domain": learner.domain.name, "understood": learner.domain.understood.what,
            "notes": learner.domain.understood.notes, **result.measured, "measured": dict(result.measured),
            "last": dict(result.last),
            "examples": result.examples, "epoch": result.epoch, "epochs": result.epochs,
            "steps": result.steps, "seconds": result.seconds,
            "baselines": {each.name: dict(each.measured) for each in result.baselines}, "address": address,
        }  # fmt: skip
        print(json.dumps(told), flush=True)


def _shown(learner: Any, measured: Mapping[str, float]) -> str:
    """Return the measure that decides, or where a baseline has others, those."""
    goal = learner.domain.goal
    if goal.measure in measured:
        return str(goal.shown(measured))
    return ", ".join(f"{name.replace('_', ' ')} {value:.3f}" for name, value in measured.items())


def _free(run: Path) -> Path:
    from onionskin.watch.paths import free_path

    return free_path(run)


@contextmanager
def _viewer(run: Path) -> Iterator[str]:
    """Show a run from a process of its own, so that serving never holds up the training. Yields its address."""
    command = [sys.executable, "-m", "onionskin", "view", str(run), "--no-open", "--json"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        if not line:
            raise OnionskinError("the page could not be served", fix="train with --no-view, and see the error above")
        yield str(json.loads(line)["address"])
    finally:
        server.terminate()
        server.wait()


def _wait() -> None:
    import threading

    threading.Event().wait()
