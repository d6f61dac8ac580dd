"""``onionskin confusion``: see what a learner takes for what."""

from __future__ import annotations

import argparse

from onionskin.cli import learners

HELP = "see what a learner takes for what"


def add(parser: argparse.ArgumentParser) -> None:
    learners.add(parser)
    learners.add_part(parser)


def do(options: argparse.Namespace) -> int:
    learner = learners.opened(options)
    return learners.tell(learner.confusion(part=options.part), options, learner.run)
