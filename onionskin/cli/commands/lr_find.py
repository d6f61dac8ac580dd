"""``onionskin lr_find``: find a learning rate for data, without training a model to its end."""

from __future__ import annotations

import argparse

from onionskin.cli import learners

HELP = "find a learning rate by a range test"


def add(parser: argparse.ArgumentParser) -> None:
    learners.add_source(parser)
    parser.add_argument("--lowest", type=float, default=1e-6, help="the first learning rate (default: 1e-6)")
    parser.add_argument("--highest", type=float, default=10.0, help="the last one (default: 10)")
    parser.add_argument("--steps", type=int, default=100, help="how many are tried (default: 100)")
    parser.add_argument("--repeats", type=int, default=3, help="how often, with other batches (default: 3)")


def do(options: argparse.Namespace) -> int:
    learner = learners.begun(options)
    report = learner.lr_find(
        lowest=options.lowest, highest=options.highest, steps=options.steps, repeats=options.repeats
    )
    return learners.tell(report, options)
