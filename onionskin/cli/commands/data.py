"""``onionskin data``: which data there are, under which licence, and where they lie."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from onionskin.cli.talk import say

if TYPE_CHECKING:
    from onionskin.data import About
    from onionskin.fetch import Progress

HELP = "list the data sets, or fetch one: licence, source, and where it lies"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", nargs="?", help="a data set to fetch; without, all are listed")
    parser.add_argument("--offline", action="store_true", default=None, help="fetch nothing: say what would be fetched")
    parser.add_argument("--json", action="store_true", help="print what is known as JSON")


def do(options: argparse.Namespace) -> int:
    if options.name is None:
        return _list(as_json=options.json)
    return _one(options.name, options.offline, as_json=options.json)


def _list(*, as_json: bool) -> int:
    from rich.console import Console
    from rich.table import Table

    from onionskin import data

    everything = {name: data.about(name) for name in data.names()}
    if as_json:
        print(json.dumps([_facts(name, told) for name, told in everything.items()]))
        return 0
    table = Table(box=None, pad_edge=False)
    for column in ("name", "for", "rows", "MB", "licence", "here"):
        table.add_column(column, justify="right" if column in ("rows", "MB") else "left", no_wrap=True)
    for name, told in sorted(everything.items(), key=lambda each: (data.DOMAINS.index(each[1].domain), each[0])):
        size = f"{told.megabytes:,.1f}" if told.packages else ""
        table.add_row(name, told.domain, f"{told.rows:,}", size, told.licence, told.where)
    Console().print(table)
    say("all about one, and have it fetched: onionskin data NAME")
    return 0


def _one(name: str, offline: bool | None, *, as_json: bool) -> int:
    from onionskin import data
    from onionskin.fetch import fetch

    told = data.about(name)
    say(f"{name}: {told.title}")
    say(f"  source   {told.source}")
    say(f"  licence  {told.licence}")
    say(f"  note     {told.note}")
    with _bar() as progress:
        folders = [str(fetch(package, offline=offline, progress=progress)) for package in told.packages]
    if as_json:
        print(json.dumps({**_facts(name, told), "folders": folders}))
    else:
        print("\n".join(folders) or f"it is inside {told.comes_with}: nothing to fetch")
    return 0


def _facts(name: str, told: About) -> dict[str, Any]:
    return {
        "name": name, "title": told.title, "domain": told.domain, "rows": told.rows, "licence": told.licence,
        "note": told.note, "source": told.source, "megabytes": round(told.megabytes, 1), "where": told.where,
    }  # fmt: skip


@contextmanager
def _bar() -> Iterator[Progress]:
    """Yield what shows a fetch as a bar on stderr."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()
    bar = Bar(*columns, console=Console(stderr=True))
    tasks: dict[str, Any] = {}

    def told(what: str, done: int, total: int) -> None:
        if what not in tasks:
            bar.start()
            tasks[what] = bar.add_task(what, total=total)
        bar.update(tasks[what], completed=done)

    try:
        yield told
    finally:
        if tasks:
            bar.stop()
