"""``onionskin picture``: one frame of a training as a picture."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from onionskin.cli import shots
from onionskin.cli.talk import say

HELP = "write one frame of a training as a picture (.png, or .svg where the page has vectors)"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="a run folder, a .zip of one, or its address")
    parser.add_argument(
        "out", type=Path, metavar="OUT", help="the file to write: .png, or .svg where the page has vectors"
    )
    parser.add_argument("--frame", type=int, default=-1, help="from 0, from the end where negative (default: the last)")
    shots.add(parser)


def do(options: argparse.Namespace) -> int:
    from onionskin.recording import open_run
    from onionskin.view.still import camera, kind_of
    from onionskin.view.video import in_place

    kind = kind_of(options.out, ("png", "svg"))
    shot, frame = shots.shot(options), open_run(options.run).frame_index(options.frame)
    with in_place(options.out) as beside, camera(options.run, shot) as page:
        beside.write_bytes(page.png(frame) if kind == "png" else page.svg(frame).encode())
    if options.json:
        print(json.dumps({"file": str(options.out), "frame": frame}), flush=True)
    else:
        say(f"{options.out}: frame {frame}")
    return 0
