"""``onionskin pack``: pack a run into few files."""

from __future__ import annotations

import argparse
import json

from onionskin.cli.talk import progress

HELP = "pack a run into few files; closes one that was killed"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("location", metavar="RUN", help="a run folder")
    parser.add_argument("--zip", action="store_true", help="write RUN.zip as well: one file that opens as a run")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")


def do(options: argparse.Namespace) -> int:
    from onionskin.recording.pack import pack

    with progress() as bar:
        task = bar.add_task("packing", note="")
        packed = pack(
            options.location,
            zipped=options.zip,
            progress=lambda done, of: bar.update(task, completed=done, total=of),
        )
        bar.update(task, completed=1, total=1)
    size = packed.stat().st_size if packed.is_file() else sum(p.stat().st_size for p in packed.rglob("*"))
    if options.json:
        print(json.dumps({"path": str(packed), "bytes": size}))
    else:
        print(f"{packed}: {size / 1e6:.1f} MB")
    return 0
