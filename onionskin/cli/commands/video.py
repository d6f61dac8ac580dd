"""``onionskin video``: a training as a video or an animated picture."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from onionskin.cli import shots
from onionskin.cli.talk import progress, say

#: What a shell expects of a command that was ended by Ctrl-C.
_INTERRUPTED = 130

HELP = "write a training as a video (.mp4) or an animated picture (.gif)"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="a run folder, a .zip of one, or its address")
    parser.add_argument("out", type=Path, metavar="OUT", help="the file to write: .mp4 or .gif")
    parser.add_argument("--frames", default=":", metavar="A:B", help="the first and the last frame (default: all)")
    parser.add_argument("--fps", type=int, default=12, help="frames a second (default: 12)")
    shots.add(parser)


def do(options: argparse.Namespace) -> int:
    from onionskin.view.still import frames_of, kind_of
    from onionskin.view.video import KINDS, video

    kind_of(options.out, KINDS)
    shot, frames = shots.shot(options), frames_of(options.run, options.frames)
    with progress() as bar:
        task = bar.add_task("filming", total=len(frames), note="")
        try:
            video(options.run, options.out, frames, shot, fps=options.fps,
                  progress=lambda done, total: bar.update(task, completed=done, total=total))  # fmt: skip
        except KeyboardInterrupt:
            say("stopped; nothing was written")
            return _INTERRUPTED
    if options.json:
        print(json.dumps({"file": str(options.out), "frames": len(frames)}), flush=True)
    else:
        say(f"{options.out}: {len(frames)} frames, {options.out.stat().st_size / 1e6:.1f} MB")
    return 0
