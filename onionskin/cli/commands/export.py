"""``onionskin export``: put runs and the page into one HTML file."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from onionskin.cli.talk import progress, say
from onionskin.errors import OnionskinError

HELP = "put runs and the page into one HTML file that opens anywhere"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("runs", nargs="+", metavar="RUN", help="run folders or .zip files")
    parser.add_argument("out", type=Path, metavar="OUT.html", help="the file to write")
    parser.add_argument("--max-mb", type=float, default=15.0, help="how large it may be, in MB (default: 15)")
    parser.add_argument("--frames", help="how many frames to keep at most, or which: 40, 0:100, ::5")
    parser.add_argument("--force", action="store_true", help="write over a file that is there")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")


def do(options: argparse.Namespace) -> int:
    from onionskin.recording.reader import open_run
    from onionskin.view.export import export

    frames = None
    if options.frames is not None:
        frames = _frames(options.frames, min(len(open_run(run).frames) for run in options.runs))
    with progress() as bar:
        tasks = {}

        def tell(name: str, done: int, of: int) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(f"exporting {name}", note="")
            bar.update(tasks[name], completed=done, total=of)

        done = export(
            options.runs, options.out, most_mb=options.max_mb, frames=frames, force=options.force, progress=tell
        )
    for run in done.runs:
        if run.was_growing:
            say(f"{run.name} is still being recorded: what it had until now is in the file")
        if run.left_out:
            say(f"{run.name} is in it without {', '.join(run.left_out)}")
    if options.json:
        print(json.dumps({**asdict(done), "path": str(done.path)}))
    else:
        print(f"{done.path}: {done.bytes / 1e6:.1f} MB; it opens with a double click")
    return 0


def _frames(text: str, count: int) -> range | int:
    """Read ``40`` as a number of frames and ``0:100:5`` as Python's slice of them."""
    try:
        parts = [int(part) if part else None for part in text.split(":")]
        if len(parts) == 1 and parts[0] is not None and parts[0] > 0:
            return parts[0]
        if 2 <= len(parts) <= 3:
            chosen = range(count)[slice(*parts)]
            if chosen and chosen.step > 0:
                return chosen
    except ValueError:
        pass
    raise OnionskinError(
        f"--frames {text} chooses no frames of {count}",
        fix="say how many (--frames 40), or which as in Python (--frames 0:100, --frames ::5)",
    )
