"""``onionskin predict``: ask a trained learner about new photos, texts or rows."""

from __future__ import annotations

import argparse
import json
from typing import Any

from onionskin.cli.talk import with_torch
from onionskin.errors import OnionskinError

HELP = "ask a trained learner about new photos, texts or rows"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("learner", metavar="RUN", help="the run folder of a training, or the folder of a saved learner")
    parser.add_argument("things", metavar="THING", nargs="+", help="a photo's path, a text, or a row as JSON: "
                        "'{\"age\": 30}'")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print the answers as one JSON list")


def do(options: argparse.Namespace) -> int:
    learner = with_torch("onionskin.learn.saved").load(options.learner)
    answers = learner.answers([_thing(each) for each in options.things])
    if options.json:
        told = [
            {"text": a.text, "value": a.value, "confidence": a.confidence, "scores": dict(a.scores)} for a in answers
        ]
        print(json.dumps(told))
    else:
        for thing, answer in zip(options.things, answers, strict=True):
            print(answer if len(answers) == 1 else f"{thing}: {answer}")
    return 0


def _thing(given: str) -> Any:
    """Return what was meant: a row where it is written as one, else the words themselves."""
    if not given.lstrip().startswith("{"):
        return given
    try:
        return json.loads(given)
    except ValueError as error:
        raise OnionskinError(
            f"{given} is no JSON: {error}", fix='write a row like \'{"age": 30, "class": 3}\''
        ) from error
