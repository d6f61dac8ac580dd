"""``onionskin worst``: see the examples that a learner gets most wrong."""

from __future__ import annotations

import argparse

from onionskin.cli import learners

HELP = "see the examples that a learner gets most wrong"


def add(parser: argparse.ArgumentParser) -> None:
    learners.add(parser)
    learners.add_part(parser)
    parser.add_argument("--count", type=int, default=16, help="how many (default: 16)")


def do(options: argparse.Namespace) -> int:
    learner = learners.opened(options)
    return learners.tell(learner.worst(options.count, part=options.part), options, learner.run)
