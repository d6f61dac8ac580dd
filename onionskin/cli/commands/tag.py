"""``onionskin tag``: give runs tags to find them by, or take some away."""

from __future__ import annotations

import argparse
import json

HELP = "give a run tags to find it by, or take some away"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("location", metavar="RUN", help="a run folder that has ended")
    parser.add_argument("tags", metavar="TAG", nargs="*", help="tags to give it; without any, its tags are listed")
    parser.add_argument("--remove", metavar="TAG", nargs="+", default=[], help="tags to take away")
    parser.add_argument("--json", action="store_true", help="print its tags as a JSON list")


def do(options: argparse.Namespace) -> int:
    from onionskin.recording.tags import tag

    tags = tag(options.location, add=options.tags, remove=options.remove)
    if options.json:
        print(json.dumps(tags))
    else:
        print(f"{options.location}: {', '.join(tags) if tags else 'no tags'}")
    return 0
