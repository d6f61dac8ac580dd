"""What commands about a learner have in common: how it is opened, and where what is found out about it goes."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from onionskin.cli.commands import train
from onionskin.cli.talk import say, with_torch
from onionskin.errors import OnionskinError


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of a command that asks a trained learner."""
    parser.add_argument("learner", metavar="RUN", help="the run folder of a training, or the folder of a saved learner")
    parser.add_argument("--data", type=Path, help="where its data are now, if they have moved")
    add_output(parser)


def add_source(parser: argparse.ArgumentParser) -> None:
    """Add the options of a command that begins with data."""
    parser.add_argument("source", metavar="PATH|NAME", help="what 'onionskin train' takes, or a run of it: "
                        "its data and settings, with fresh weights")  # fmt: skip
    train.add_settings(parser)
    add_output(parser)


def begun(options: argparse.Namespace) -> Any:
    """Return a learner with fresh weights. Raises OnionskinError."""
    saved = with_torch("onionskin.learn.saved")
    settings = {name: getattr(options, name) for name in train.SETTINGS}
    if saved.is_one(options.source):
        given = [name for name, value in settings.items() if value is not None]
        if given:
            raise OnionskinError(f"{options.source} has settings of its own, and --{given[0]} was given",
                                 fix="leave it out, or give the data instead of the run")  # fmt: skip
        return with_torch("onionskin.learn.copied").anew(saved.load(options.source))
    learner = with_torch("onionskin.learn.guess").learner(options.source, options.domain, **settings)
    say(learner.domain.understood.what)
    return learner


def add_part(parser: argparse.ArgumentParser) -> None:
    """Add which examples are looked at."""
    parser.add_argument("--part", choices=["valid", "train"], default="valid", help="the examples that were held out, "
                        "or those trained on (default: valid)")  # fmt: skip


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add where a report goes besides the run."""
    parser.add_argument("--html", type=Path, metavar="FILE", help="write it as one HTML file as well")
    parser.add_argument("--json", action="store_true", help="print the report as one JSON object")


def opened(options: argparse.Namespace) -> Any:
    """Return the learner with its data. Raises OnionskinError."""
    learner = with_torch("onionskin.learn.saved").load(options.learner)
    return learner.open_data(str(options.data)) if options.data else learner._with_data()


def tell(report: Any, options: argparse.Namespace, run: Path | None = None) -> int:
    """Show a report, and say where it was kept."""
    if options.html:
        report.save(options.html)
        say(f"written to {options.html}")
    if options.json:
        print(json.dumps(report.to_json(), ensure_ascii=False, allow_nan=False), flush=True)
    else:
        report.show()
    if run is not None:
        say(f"look at it with: onionskin view {run}")
    return 0
