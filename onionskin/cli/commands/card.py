"""``onionskin card``: write a model card with what can be measured, and questions for a person."""

from __future__ import annotations

import argparse
from pathlib import Path

from onionskin.cli import learners
from onionskin.cli.talk import say

HELP = "write a model card: measured facts, and questions that only a person can answer"


def add(parser: argparse.ArgumentParser) -> None:
    learners.add(parser)
    parser.add_argument("--into", type=Path, metavar="FOLDER", help="where to write it (default: the run)")
    parser.add_argument("--baselines", action=argparse.BooleanOptionalAction, default=True,
                        help="train the domain's simpler models for comparison")  # fmt: skip


def do(options: argparse.Namespace) -> int:
    learner = learners.opened(options)
    report = learner.card(options.into, baselines=options.baselines)
    code = learners.tell(report, options, learner.run)
    say(report.answer)
    return code
