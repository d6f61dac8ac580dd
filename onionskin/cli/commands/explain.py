"""``onionskin explain``: see what in an example speaks for a learner's answer."""

from __future__ import annotations

import argparse
import json
from typing import Any

from onionskin.cli import learners
from onionskin.cli.talk import with_torch
from onionskin.errors import OnionskinError

HELP = "see what in an example speaks for a learner's answer"


def add(parser: argparse.ArgumentParser) -> None:
    learners.add(parser)
    parser.add_argument("thing", metavar="THING", nargs="*", help="a picture's path, a text, or a row as JSON "
                                                                  "(default: the "
                        "worst mistakes of those held out)")  # fmt: skip
    parser.add_argument("--row", type=int, action="append", help="the number of an example instead")
    parser.add_argument("--count", type=int, default=3, help="of the worst, how many (default: 3)")
    parser.add_argument("--target", help="the class that is asked about (default: what the model says)")
    parser.add_argument("--method", action="append", choices=["grad_cam", "integrated_gradients", "occlusion"],
                        help="of pictures (default: all three)")  # fmt: skip
    parser.add_argument("--nearest", type=int, default=5, help="training examples that are alike to show (default: 5)")


def do(options: argparse.Namespace) -> int:
    learner = with_torch("onionskin.learn.saved").load(options.learner)
    if options.data or options.nearest > 0 or not options.thing:
        learner = learners.opened(options)
    methods = {"methods": options.method} if options.method else {}
    things = [_thing(word) for word in options.thing] or None
    report = learner.explain(things, rows=options.row, count=options.count, target=options.target,
                             nearest=options.nearest, **methods)  # fmt: skip
    return learners.tell(report, options, learner.run)


def _thing(word: str) -> Any:
    """Return a row where the word is one in JSON, else the word."""
    if not word.startswith("{"):
        return word
    try:
        return json.loads(word)
    except ValueError as error:
        raise OnionskinError(
            f"{word[:60]} is no JSON: {error}", fix='write a row as {"age": 30, "sex": "female"}'
        ) from error
