"""What commands about data share: data are named as for ``onionskin train``, or by a learner made from them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from onionskin.cli.commands import train
from onionskin.cli.talk import say, with_torch
from onionskin.errors import OnionskinError


def add(parser: argparse.ArgumentParser) -> None:
    """Add the data, and what to make of them."""
    parser.add_argument("source", metavar="PATH|NAME|RUN", help="a folder of photos or texts, a CSV file, a name from "
                        "'onionskin data', or the run folder of a training")  # fmt: skip
    parser.add_argument("--data", type=Path, help="where the data of a training are now, if they have moved")
    train.add_settings(parser)


def opened(options: argparse.Namespace) -> Any:
    """Return the learner of the data, and say what was understood. Raises OnionskinError."""
    given = {name: getattr(options, name) for name in train.SETTINGS}
    saved = with_torch("onionskin.learn.saved")
    if saved.is_saved(options.source):
        wrong = next((name for name in ("domain", *given) if getattr(options, name) is not None), None)
        if wrong is not None:
            raise OnionskinError(
                f"{options.source} is a learner, which was made as it is, and --{wrong.replace('_', '-')} was given",
                fix="leave it out, or give the data instead",
            )
        learner = saved.load(options.source)
        learner = learner.open_data(str(options.data)) if options.data else learner._with_data()
    else:
        learner = with_torch("onionskin.learn.guess").learner(options.source, options.domain, **given)
    say(learner.domain.understood.what)
    for note in learner.domain.understood.notes:
        say(f"note: {note}")
    return learner
