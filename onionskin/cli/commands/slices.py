"""``onionskin slices``: see for whom a learner works and whom it fails, with intervals and counts."""

from __future__ import annotations

import argparse

from onionskin.cli import learners

HELP = "see for whom a learner works and whom it fails, with intervals and counts"


def add(parser: argparse.ArgumentParser) -> None:
    learners.add(parser)
    learners.add_part(parser)
    parser.add_argument("--by", metavar="COLUMN", action="append",
                        help="a column to group by, or a CSV file of yours (default: all that is known)")  # fmt: skip
    parser.add_argument("--cross", action="store_true", help="look at each pair of columns as well")
    parser.add_argument("--fewest", type=int, default=10, help="leave out groups with fewer examples (default: 10)")


def do(options: argparse.Namespace) -> int:
    learner = learners.opened(options)
    by = options.by[0] if options.by and len(options.by) == 1 else options.by
    report = learner.slices(by, part=options.part, fewest=options.fewest, cross=options.cross)
    return learners.tell(report, options, learner.run)
