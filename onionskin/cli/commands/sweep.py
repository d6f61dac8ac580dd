"""``onionskin sweep``: try settings, each with a training of its own, and see which were best."""

from __future__ import annotations

import argparse
from pathlib import Path

from onionskin.cli import learners
from onionskin.cli.talk import progress, say, with_torch

#: What a shell expects of a command that was ended by Ctrl-C.
_INTERRUPTED = 130

HELP = "try settings, each with a training of its own, and see which were best"


def add(parser: argparse.ArgumentParser) -> None:
    learners.add_source(parser)
    parser.add_argument("--trials", type=int, default=20, help="how many in all (default: 20)")
    parser.add_argument("--into", type=Path, metavar="FOLDER", help="where it is kept; one that is there goes on "
                        "(default: sweeps/<domain>-<n>)")  # fmt: skip
    parser.add_argument("--space", action="append", metavar="NAME=…", help="what to choose from, such as lr=1e-4..1e-1 "
                        "or batch=16,32 (default: around the recipe)")  # fmt: skip
    parser.add_argument("--seeds", type=int, default=1, help="trainings that a trial is the mean of (default: 1)")
    parser.add_argument("--workers", type=int, default=1, help="trials at once (default: 1)")
    parser.add_argument("--engine", default="local", help="local, or ray for a cluster (default: local)")
    parser.add_argument("--prune", action="store_true", help="give up trials that lag behind")
    parser.add_argument("--record", action="store_true", help="record each trial as a run in the folder")


def do(options: argparse.Namespace) -> int:
    practice = with_torch("onionskin.learn.practice.sweep")
    space = dict(map(with_torch("onionskin.learn.search").parsed, options.space)) if options.space else None
    work = practice.sweeping(
        learners.begun(options), options.trials, folder=options.into, space=space, seeds=options.seeds,
        workers=options.workers, engine=options.engine, prune=options.prune, record=options.record,
    )  # fmt: skip
    say(f"{work.folder}: {options.trials:,} trials of {', '.join(work.space)}")
    done = 0
    try:
        with progress() as bar:
            task = bar.add_task("trials", total=len(work), note="")
            for done in work:
                bar.update(task, completed=done)
    except KeyboardInterrupt:
        say(f"stopped after {done:,} of {len(work):,} trials; the same command with --into {work.folder} goes on")
        return _INTERRUPTED
    code = learners.tell(practice.report_of(work), options)
    say(f"kept in {work.folder / 'sweep.html'}")
    return code
