"""``onionskin landscape``: compute the loss around the path of the weights of a run."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from onionskin.cli.talk import progress, say, with_torch

#: What a shell expects of a command that was ended by Ctrl-C.
_INTERRUPTED = 130

HELP = "compute the loss around the path of the weights of a run"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("location", metavar="RUN", help="the folder of a finished run that keeps exact weights")
    parser.add_argument("source", metavar="SCRIPT", nargs="?", help="a script that defines landscape(); not needed "
                        "for a run of 'onionskin train'")  # fmt: skip
    parser.add_argument("--resolution", type=int, default=25, help="points along each axis (default: 25)")
    parser.add_argument(
        "--span", type=float, default=0.3, help="how far to go beyond the path, as a share (default: 0.3)"
    )
    parser.add_argument(
        "--examples", type=int, default=1000, help="without a script: examples in the loss (default: 1000)"
    )
    parser.add_argument("--json", action="store_true", help="print what was found as one JSON object")


def do(options: argparse.Namespace) -> int:
    landscapes = with_torch("onionskin.learn.landscape")
    landscapes.recorded(options.location)  # what is wrong with the run is said before a script is run
    problem = with_torch("onionskin.learn.problem").problem(
        options.source or options.location, examples=options.examples
    )
    survey = landscapes.Survey(options.location, problem, resolution=options.resolution, span=options.span)
    done = 0
    try:
        with progress() as bar:
            task = bar.add_task("losses", total=len(survey), note="")
            for done in survey:
                bar.update(task, completed=done)
    except KeyboardInterrupt:
        say(f"stopped after {done:,} of {len(survey):,} losses; the same command goes on from there")
        return _INTERRUPTED
    _tell(options, survey.landscape)
    return 0


def _tell(options: argparse.Namespace, landscape: Any) -> None:
    entry = landscape.entry
    if options.json:
        shares = [entry.share_x, entry.share_y]
        told = {"run": options.location, "points": landscape.loss.size, "shares": shares, "examples": entry.examples}
        print(json.dumps(told))
    else:
        print(f"two axes with {100 * entry.share_x:.0f} % and {100 * entry.share_y:.0f} % of the path's variance; "
              f"look at it with: onionskin view {options.location}")  # fmt: skip
    folder = Path(options.location)
    zipped = folder.with_name(folder.name + ".zip")
    if zipped.exists():
        say(f"{zipped} was written before and has no landscape: 'onionskin pack {folder} --zip' writes it anew")
