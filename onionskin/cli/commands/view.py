"""``onionskin view``: show runs in the browser, growing or finished."""

from __future__ import annotations

import argparse
import asyncio
import json
import webbrowser
from contextlib import suppress

from onionskin.cli.talk import can_open_a_browser

HELP = "show runs in the browser, growing or finished"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("runs", nargs="*", metavar="RUN|DIR", default=["runs"], help="runs or folders (default: runs)")
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (default: this machine only)")
    parser.add_argument("--port", type=int, help="the port (default: the first free one from 8700)")
    parser.add_argument("--open", action=argparse.BooleanOptionalAction, default=True, help="open the browser")
    parser.add_argument("--json", action="store_true", help="print the address as one JSON object")


def do(options: argparse.Namespace) -> int:
    from onionskin.view import Shown, serve

    def ready(shown: Shown) -> None:
        if options.json:
            print(json.dumps({"address": shown.address, "runs": shown.runs}), flush=True)
        else:
            count = f"{len(shown.runs)} runs" if len(shown.runs) > 1 else shown.runs[0]
            print(f"showing {count} at {shown.address} until Ctrl-C", flush=True)
        if options.open and can_open_a_browser():
            webbrowser.open(shown.address)

    with suppress(KeyboardInterrupt):
        asyncio.run(serve(options.runs, host=options.host, port=options.port, ready=ready))
    return 0
