"""``onionskin publish``: write runs and the page into a folder for any static host."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from onionskin.cli.talk import progress, say

HELP = "write runs and the page into a folder for any static host"

#: GitHub Pages takes no more than this (bytes); other hosts are not much larger.
_HOST_TAKES = 1_000_000_000


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("runs", nargs="+", metavar="RUN|LAB", help="run folders, .zip files, or a lab")
    parser.add_argument("out", type=Path, metavar="DIR", help="the folder: new, empty, or published before")
    parser.add_argument("--force", action="store_true", help="write into a folder with other things in it")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")


def do(options: argparse.Namespace) -> int:
    from onionskin.view.publish import publish

    with progress() as bar:
        tasks = {}

        def tell(name: str, done: int, of: int) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(f"publishing {name}", note="")
            bar.update(tasks[name], completed=done, total=of)

        done = publish(options.runs, options.out, force=options.force, progress=tell)
    for run in done.runs:
        if run.was_growing:
            say(f"{run.name} is still being recorded: its {run.frames} frames until now are published, the rest is not")
        elif run.was_there:
            say(f"{run.name} is there already, and has not changed")
    if done.answers:
        say(f"the answers to {done.answers} questions of the lab are in {done.path / 'lab'}")
    if done.others:
        say(f"published before, and still there: {', '.join(done.others)}")
    if done.bytes > _HOST_TAKES:
        say(f"{done.bytes / 1e9:.1f} GB is more than most free hosts take (GitHub Pages: 1 GB)")
    if options.json:
        print(json.dumps({**asdict(done), "path": str(done.path)}))
    else:
        print(
            f"{done.path}: {done.bytes / 1e6:.1f} MB; put it on any host, or look: python -m http.server -d {done.path}"
        )
    return 0
