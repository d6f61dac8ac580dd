"""``onionskin augment``: see pictures as a training sees them, changed at random."""

from __future__ import annotations

import argparse

from onionskin.cli import learners, sources

HELP = "see pictures as a training sees them, changed at random"


def add(parser: argparse.ArgumentParser) -> None:
    sources.add(parser)
    parser.add_argument("--count", type=int, default=4, help="how many pictures (default: 4)")
    parser.add_argument("--way", help="photos, things, strokes or none (default: the learner's own)")
    learners.add_output(parser)


def do(options: argparse.Namespace) -> int:
    learner = sources.opened(options)
    return learners.tell(learner.augment(options.count, way=options.way), options, learner.run)
