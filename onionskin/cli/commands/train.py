"""``onionskin train``: train a small network on real data, recorded and shown live."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from onionskin.cli.talk import can_open_a_browser, progress, say, with_torch
from onionskin.errors import OnionskinError

#: What a shell expects of a command that was ended by Ctrl-C.
_INTERRUPTED = 130

HELP = "train a small network on real data, recorded and shown live"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="digits (seconds) or mnist (half a minute)")
    parser.add_argument("--run", type=Path, help="the run folder to make (default: runs/<name>-<n>)")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same numbers (default: 0)")
    parser.add_argument("--budget", type=float, default=0.1, help="share of time recording may take (default: 0.1)")
    parser.add_argument("--view", action=argparse.BooleanOptionalAction, default=True, help="open the live page")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")


def do(options: argparse.Namespace) -> int:
    vision = with_torch("onionskin.learn.vision")
    run = options.run or Path("runs") / f"{options.name}-1"
    training = vision.Training(options.name, run=_free(run, asked=options.run is not None), seed=options.seed,
                               budget=options.budget)  # fmt: skip
    path = training.recorder.path
    with _viewer(path) if options.view else nullcontext() as address:
        say(f"recording to {path}" + (f", live at {address}" if address else ""))
        if address and can_open_a_browser():
            webbrowser.open(address)
        try:
            for _ in _told(training, options.name):
                pass
        except KeyboardInterrupt:
            training.recorder.close("KeyboardInterrupt")
            say(f"stopped; what was trained so far is in {path}")
            return _INTERRUPTED
        result = training.result
        held_out = f"{100 * result.accuracy:.1f} % of {len(training.images.test_y):,} held-out images"
        say(f"{held_out}, {result.steps:,} steps in {result.seconds:.0f} s")
        if options.json:
            print(json.dumps({**asdict(result), "run": str(result.run), "address": address}), flush=True)
        if address and sys.stdout.isatty():
            say(f"the page stays at {address} until Ctrl-C")
            with suppress(KeyboardInterrupt):
                _wait()
        else:
            say(f"look again with: onionskin view {path}")
    return 0


def _told(training: Any, name: str) -> Iterator[Any]:
    with progress() as bar:
        task = bar.add_task(f"training {name}", note="")
        for done in training:
            note = f"loss {done.loss:.3f}  held-out {100 * done.accuracy:.1f} %"
            bar.update(task, completed=done.step, total=done.steps, note=note)
            yield done


def _free(run: Path, *, asked: bool) -> Path:
    """Return where to record by default; a path that was asked for is left to the recorder, which warns."""
    from onionskin.watch.paths import free_path

    return run if asked else free_path(run)


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
