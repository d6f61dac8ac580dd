"""``onionskin show``: see some examples, and what a learner says of them."""

from __future__ import annotations

import argparse

from onionskin.cli import learners

HELP = "see some examples, and what a learner says of them"


def add(parser: argparse.ArgumentParser) -> None:
    learners.add(parser)
    parser.add_argument("--count", type=int, default=16, help="how many (default: 16)")
    parser.add_argument("--seed", type=int, default=0, help="the same one chooses the same (default: 0)")


def do(options: argparse.Namespace) -> int:
    learner = learners.opened(options)
    return learners.tell(learner.show(options.count, seed=options.seed), options, learner.run)
