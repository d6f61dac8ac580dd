"""``onionskin view``: show runs in the browser, growing or finished."""

from __future__ import annotations

import argparse
import asyncio
import json
import webbrowser
from contextlib import suppress
from pathlib import Path

from onionskin.cli.talk import can_open_a_browser

HELP = "show runs in the browser, growing or finished"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("runs", nargs="*", metavar="RUN|DIR|LAB", help="runs, folders of runs, a lab "
                        "(default: runs, and lab where there is one)")  # fmt: skip
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (default: this machine only)")
    parser.add_argument("--port", type=int, help="the port (default: the first free one from 8700)")
    parser.add_argument("--open", action=argparse.BooleanOptionalAction, default=True, help="open the browser")
    parser.add_argument("--json", action="store_true", help="print the address as one JSON object")


def do(options: argparse.Namespace) -> int:
    from onionskin.view import Shown, serve

    locations = options.runs or _usual()

    def ready(shown: Shown) -> None:
        address = f"{shown.address}#lab" if shown.lab and len(locations) == 1 else shown.address
        if options.json:
            print(json.dumps({"address": shown.address, "runs": shown.runs, "lab": shown.lab}), flush=True)
        else:
            print(f"showing {_what(shown.runs, shown.lab)} at {address} until Ctrl-C", flush=True)
        if options.open and can_open_a_browser():
            webbrowser.open(address)

    with suppress(KeyboardInterrupt):
        asyncio.run(serve(locations, host=options.host, port=options.port, ready=ready))
    return 0


def _usual() -> list[str]:
    """Return what is shown where nothing is named: ``runs``, and ``lab`` where one has been made."""
    if not Path("lab/answers/index.json").is_file():
        return ["runs"]
    return ["runs", "lab"] if any(Path("runs").glob("*")) else ["lab"]


def _what(runs: tuple[str, ...], lab: str | None) -> str:
    """Return in words what is shown."""
    parts = [f"{len(runs)} runs" if len(runs) > 1 else run for run in runs[:1]]
    return " and ".join([*parts, *([f"the lab in {lab}"] if lab else [])])
