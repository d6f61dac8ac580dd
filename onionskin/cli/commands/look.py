"""``onionskin look``: see what is in data before anything is trained on them."""

from __future__ import annotations

import argparse

from onionskin.cli import learners, sources

HELP = "see what is in data: counts, sizes, examples, what is there twice"


def add(parser: argparse.ArgumentParser) -> None:
    sources.add(parser)
    learners.add_output(parser)


def do(options: argparse.Namespace) -> int:
    learner = sources.opened(options)
    return learners.tell(learner.look(), options, learner.run)
