"""``onionskin clean``: find wrong labels, duplicates and outliers, and decide on them with the keyboard."""

from __future__ import annotations

import argparse
import asyncio
import webbrowser
from contextlib import suppress
from pathlib import Path
from typing import Any

from onionskin.cli import learners, sources
from onionskin.cli.talk import can_open_a_browser, progress, say

HELP = "find wrong labels, duplicates and outliers, and decide on them with the keyboard"


def add(parser: argparse.ArgumentParser) -> None:
    sources.add(parser)
    parser.add_argument("--folds", type=int, default=5, help="the parts of the cross-validation (default: 5)")
    parser.add_argument("--epochs", type=int, help="of each of its models (default: a tenth of the recipe's)")
    parser.add_argument(
        "--page", action=argparse.BooleanOptionalAction, default=True, help="open the page to decide on"
    )
    parser.add_argument("--port", type=int, help="of the page (default: the first free one from 8700)")
    learners.add_output(parser)


def do(options: argparse.Namespace) -> int:
    from onionskin.learn.decisions import beside, read_decisions
    from onionskin.learn.practice.clean import report_of
    from onionskin.learn.suspects import suspicions

    # What was decided before is not left out while looking: a decision can be taken back.
    file, options.decisions = options.decisions or beside(options.source), None
    made = read_decisions(file) if file.exists() else {}
    learner = sources.opened(options)
    with progress() as bar:
        tasks: dict[str, Any] = {}

        def told(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=of, note="")
            bar.update(tasks[what], completed=done)

        found = suspicions(learner.domain, folds=options.folds, epochs=options.epochs, seed=learner.seed, told=told)
    report = learner._kept(report_of(learner.domain, found, made))
    if options.json or not options.page:
        return learners.tell(report, options, learner.run)
    if options.html:
        report.save(options.html)
    say(report.answer)
    return _decide(learner.domain, found, file, options)


def _decide(domain: Any, found: Any, file: Path, options: argparse.Namespace) -> int:
    from onionskin.learn.desk import Desk, Opened, serve

    desk = Desk(domain, found, file, options.source)

    def ready(opened: Opened) -> None:
        print(f"decide at {opened.address} until Ctrl-C", flush=True)
        if can_open_a_browser():
            webbrowser.open(opened.address)

    with suppress(KeyboardInterrupt):
        asyncio.run(serve(desk, port=options.port, ready=ready))
    say(f"{desk.decided} of {len(desk.suspects)} are decided, in {file}; "
        f"train with them: onionskin train {options.source} --decisions {file}")  # fmt: skip
    return 0
